// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/format.hpp"

namespace formats {

/// Gentoo overlays, by portage: ebuild, Manifest, metadata and its cache. There is no binary package; what is proven is
/// the image that `ebuild install` makes, beside a main repository of stubs, because Debian has no tree of Gentoo's.
class Ebuild final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "ebuild"; }
  [[nodiscard]] std::string_view template_folder() const override { return "ebuild"; }
  /// Gentoo's word (profiles/arch.list).
  [[nodiscard]] std::string architecture(const std::string& machine) const override;
  [[nodiscard]] bool holds_all_architectures() const override { return true; }
  [[nodiscard]] model::Recipe recipe(const Ingredients& from) const override;
  [[nodiscard]] model::PackageFacts expected_facts(const Ingredients& from) const override;
  [[nodiscard]] base::ListedTree expected_tree(const Ingredients& from) const override;
  [[nodiscard]] std::vector<ToolMade> tool_made(const Ingredients& from) const override;
  [[nodiscard]] std::vector<model::Reading> read(const Ingredients& from,
                                                 const std::filesystem::path& job) const override;
};

[[nodiscard]] std::string ebuild_pf(
    const Ingredients& from);  // PMS's PF: "dracut-sshd-1.0.0", "-r1" for the second revision
[[nodiscard]] std::string ebuild_license(const std::string& spdx);               // "GPL-2+"
[[nodiscard]] std::string ebuild_patch_name(const Ingredients& from);            // "" without a patch
[[nodiscard]] std::string ebuild_phases(const Ingredients& from);                // "install postinst": that it defines
[[nodiscard]] std::vector<std::string> ebuild_depends(const Ingredients& from);  // ">=sys-apps/systemd-253"
[[nodiscard]] std::vector<std::string> ebuild_conflicts(const Ingredients& from);  // "!category/name"
/// What is fetched: name and bytes, a tarball for each architecture of what is prebuilt.
[[nodiscard]] std::map<std::string, const std::string*> ebuild_distfiles(const Ingredients& from);
/// The overlay's own files before portage adds Manifest and cache, and the files of the host that portage runs on.
[[nodiscard]] base::SourceTree ebuild_files(const Ingredients& from);

}  // namespace formats
