// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/service.hpp"

namespace services {

/// A PPA of Launchpad: a signed source package a series, uploaded by dput, the upstream tarball once. Who uploads is
/// known by the signature. Launchpad answers by mail; what dput has uploaded is in its log, and what was accepted in
/// the PPA's own archive.
class Ppa final : public Service {
 public:
  [[nodiscard]] std::string_view name() const override { return "ppa"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  [[nodiscard]] bool takes(const model::Profile& profile) const override;
  [[nodiscard]] model::Profile adapted(const model::Profile& profile, const SubmitTarget& order) const override;
  [[nodiscard]] bool wants_its_own() const override { return true; }
  void check(const SubmitTarget& order) const override;
  [[nodiscard]] std::vector<Submission> submissions(const SubmitTarget& order,
                                                    const std::vector<BuiltRelease>& releases) const override;
  [[nodiscard]] Answer answer(const Submission& submission, const std::vector<Reply>& replies) const override;
  void leave_out_shared(const Submission& submission, const std::filesystem::path& folder) const override;
  [[nodiscard]] std::string remedy(const Submission& submission, Failure fault) const override;
};

}  // namespace services
