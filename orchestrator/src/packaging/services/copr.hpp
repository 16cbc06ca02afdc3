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
  void check(const SubmitTarget& order) const override;
  [[nodiscard]] std::vector<Submission> submissions(const SubmitTarget& order,
                                                    const std::vector<BuiltRelease>& releases) const override;
  [[nodiscard]] Answer answer(const Submission& submission, const std::vector<Reply>& replies) const override;
  [[nodiscard]] std::string remedy(const Submission& submission, Failure fault) const override;
};

}  // namespace services
