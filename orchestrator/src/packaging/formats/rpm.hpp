// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "formats/format.hpp"

namespace formats {

/// RPM packages, by rpmbuild: one spec for all releases of a distribution. What a foreign host lacks is given on the
/// command line, so the SRPM rebuilds anywhere with nothing but %{dist}.
class Rpm final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "rpm"; }
  [[nodiscard]] std::string_view template_folder() const override { return "spec"; }
  [[nodiscard]] model::Recipe recipe(const Ingredients& from) const override;
  [[nodiscard]] model::PackageFacts expected_facts(const Ingredients& from) const override;
  [[nodiscard]] base::ListedTree expected_tree(const Ingredients& from) const override;
  [[nodiscard]] std::vector<ToolMade> tool_made(const Ingredients& from) const override;
  [[nodiscard]] std::vector<model::Reading> read(const Ingredients& from,
                                                 const std::filesystem::path& job) const override;
};

/// The spec, rendered; split off because it is most of the format.
[[nodiscard]] std::string rpm_spec(const Ingredients& from);
/// What `rpm -qp --scripts --filetriggers` says of it: a heading without "scriptlet (using /bin/sh)" -> the text.
[[nodiscard]] std::map<std::string, std::string> rpm_scripts(const Ingredients& from);
/// What the target's rpm defines by itself, of the template host/macros: its lines "%NAME BODY" or "%NAME() BODY", in
/// which %{?*} stands for what follows the name where it is used; "NAME()" -> the body.
[[nodiscard]] std::map<std::string, std::string> rpm_host_macros(const Ingredients& from);
[[nodiscard]] std::string rpm_patch_name(const Ingredients& from);   // "" without a patch
[[nodiscard]] std::string rpm_source_name(const Ingredients& from);  // "dracut-sshd-1.0.0-1.fc44.src.rpm"

/// An entry of the %changelog as rpm has it in the header.
struct RpmChange {
  std::int64_t day = 0;  // its midnight, seconds since the epoch
  std::string name;      // "Name <mail> - 1.0.0-1"
  std::string text;      // "- item\n  its second line\n- item"
};
[[nodiscard]] std::vector<RpmChange> rpm_changelog(const Ingredients& from);

}  // namespace formats
