// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/service.hpp"

namespace services {

/// The Open Build Service: one package, in which each repository finds the recipe that bears its name
/// (NAME-REPOSITORY.spec, .dsc). Its client is osc, whose configuration holds the account (osc(1)).
class Obs final : public Service {
 public:
  [[nodiscard]] std::string_view name() const override { return "obs"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  [[nodiscard]] bool takes(const model::Profile& profile) const override;
  void check(const SubmitTarget& order) const override;
  [[nodiscard]] std::vector<Submission> submissions(const SubmitTarget& order,
                                                    const std::vector<BuiltRelease>& releases) const override;
  [[nodiscard]] Answer answer(const Submission& submission, const std::vector<Reply>& replies) const override;
  [[nodiscard]] std::string remedy(const Submission& submission, Failure fault) const override;
};

}  // namespace services
