// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/format.hpp"

namespace formats {

/// Debian packages, by dpkg-buildpackage and debhelper: a source package in the format 3.0 (quilt) over the one
/// pristine tarball, as a PPA takes it, and the binary package.
class Deb final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "deb"; }
  [[nodiscard]] std::string_view template_folder() const override { return "debian"; }
  /// dpkg's cputable, for those that packages are made for.
  [[nodiscard]] std::string architecture(const std::string& machine) const override;
  [[nodiscard]] model::Recipe recipe(const Ingredients& from) const override;
  [[nodiscard]] model::PackageFacts expected_facts(const Ingredients& from) const override;
  [[nodiscard]] base::ListedTree expected_tree(const Ingredients& from) const override;
  [[nodiscard]] std::vector<ToolMade> tool_made(const Ingredients& from) const override;
  [[nodiscard]] std::vector<model::Reading> read(const Ingredients& from,
                                                 const std::filesystem::path& job) const override;
};

/// The files of debian/, by their path below it.
[[nodiscard]] base::SourceTree deb_folder(const Ingredients& from);
/// The control files that the package must have: maintainer scripts, triggers, conffiles.
[[nodiscard]] std::map<std::string, std::string> deb_scripts(const Ingredients& from);
[[nodiscard]] std::string deb_version(const Ingredients& from);                                    // "1.0.0-1~deb12+1"
[[nodiscard]] std::vector<std::string> deb_relations(const std::vector<model::Dependency>& list);  // "systemd (>= 253)"

}  // namespace formats
