// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/service.hpp"

namespace services {

/// GURU, Gentoo's repository of its users: a branch with one signed-off commit that adds the ebuild. Who pushes is
/// known to git and ssh.
class Guru final : public Service {
 public:
  [[nodiscard]] std::string_view name() const override { return "guru"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  [[nodiscard]] bool takes(const model::Profile& profile) const override;
  [[nodiscard]] bool takes_recipes() const override { return true; }
  void check(const SubmitTarget& order) const override;
  [[nodiscard]] std::vector<Submission> submissions(const SubmitTarget& order,
                                                    const std::vector<BuiltRelease>& releases) const override;
  [[nodiscard]] std::string refusal(const Submission& submission, const std::vector<Reply>& replies,
                                    const std::filesystem::path& folder) const override;
  [[nodiscard]] Answer answer(const Submission& submission, const std::vector<Reply>& replies) const override;
  [[nodiscard]] std::string remedy(const Submission& submission, Failure fault) const override;
};

}  // namespace services
