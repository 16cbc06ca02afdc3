// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/service.hpp"

namespace services {

/// copr (https://copr.fedorainfracloud.org, or another): an SRPM a distribution, built in all of its releases' chroots
/// by one build. Its client is copr-cli, whose configuration holds the token (copr-cli(1)).
class Copr final : public Service {
 public:
  [[nodiscard]] std::string_view name() const override { return "copr"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  [[nodiscard]] bool takes(const model::Profile& profile) const override;
  void check(const Order& order) const override;
  [[nodiscard]] std::vector<Parcel> parcels(const Order& order, const std::vector<Offer>& offers) const override;
  [[nodiscard]] Answer answer(const Parcel& parcel, const std::vector<Reply>& replies) const override;
  [[nodiscard]] std::string remedy(const Parcel& parcel, Fault fault) const override;
};

}  // namespace services
