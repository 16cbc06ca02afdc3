// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.hpp"
#include "model/project.hpp"

/// What is the same for every distribution: project.json, CHANGELOG.md, and who packages.
namespace source {

/// The project's packages, in the file's order: the first one is what the others go with. Throws nothing; what is
/// wrong becomes findings, and the result is then of no use.
[[nodiscard]] std::vector<model::Project> projects(std::string_view project_json, std::string_view changelog,
                                                   model::Findings& findings);

/// "## VERSION - YYYY-MM-DD" and "- " items below, newest first; "# " titles and empty lines are skipped, an indented
/// line continues its item. Everything else is a finding with its line. It becomes a spec's %changelog and a
/// debian/changelog, so it is input like any other.
[[nodiscard]] std::vector<model::Release> changelog(std::string_view text, std::string_view file,
                                                    model::Findings& findings);

/// "Name <mail>". `where` names the origin of the text in a finding ("--packager").
[[nodiscard]] model::Packager packager(std::string_view text, std::string_view where, model::Findings& findings);

}  // namespace source
