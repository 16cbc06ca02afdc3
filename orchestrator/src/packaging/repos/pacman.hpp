// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "repos/manager.hpp"

namespace repos {

/// Pacman repositories, one an architecture of a release ($arch, pacman.conf(5)): packages with a .sig each, NAME.db
/// and NAME.files with a .sig each (repo-add(8)). What is for all architectures is in each of them; and, because older
/// clients name no architecture, in a repository of its own in the folder above. repo-add packs times of the moment;
/// the databases are packed anew, and then signed.
class Pacman final : public Manager {
 public:
  [[nodiscard]] std::string_view name() const override { return "pacman"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  bool sign(const SigningContext& context, const model::Profile& profile, const model::Recipe& recipe,
            const std::filesystem::path& job) const override;
  [[nodiscard]] std::string place(const model::Profile& profile, const model::Output& output) const override;
  void index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>& entries,
             const std::filesystem::path& site) const override;
  [[nodiscard]] Instructions instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                          const SiteFacts& site) const override;
  [[nodiscard]] std::vector<std::string> faults(const SigningContext& context,
                                                const std::vector<const Published*>& entries,
                                                const std::filesystem::path& site) const override;
};

}  // namespace repos
