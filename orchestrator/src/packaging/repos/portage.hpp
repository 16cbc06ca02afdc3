// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "repos/manager.hpp"

namespace repos {

/// A Gentoo overlay, one a release, with all its packages, as plain files and as a git repository that can be fetched
/// over http. Every commit is signed, because a thin Manifest covers the distfiles alone
/// (https://www.gentoo.org/glep/glep-0074.html), and portage checks commits (portage(5),
/// sync-git-verify-commit-signature).
class Portage final : public Manager {
 public:
  [[nodiscard]] std::string_view name() const override { return "portage"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override;
  bool sign(const SigningContext& context, const model::Profile& profile, const model::Recipe& recipe,
            const std::filesystem::path& job) const override;
  /// An ebuild is a source package, and what users install; its keywords say for which architectures.
  [[nodiscard]] std::string_view source_arch() const override { return "any"; }
  [[nodiscard]] std::string place(const model::Profile& profile, const model::Output& output) const override;
  void index(const SigningContext& context, const model::Profile& profile, const std::vector<const Published*>& entries,
             const std::filesystem::path& site) const override;
  [[nodiscard]] Instructions instructions(const model::Profile& profile, const std::vector<const Published*>& newest,
                                          const SiteFacts& site) const override;
  [[nodiscard]] std::string_view curl_command() const override { return "sudo emerge --ask net-misc/curl"; }
  [[nodiscard]] std::vector<std::string> faults(const SigningContext& context,
                                                const std::vector<const Published*>& entries,
                                                const std::filesystem::path& site) const override;
};

}  // namespace repos
