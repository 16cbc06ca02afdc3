// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/tree.hpp"
#include "formats/format.hpp"
#include "model/finding.hpp"
#include "model/recipe.hpp"

/// What a package was found to hold, against what it must hold. Pure functions; every difference is a finding.
namespace proof {

/// Folders that are not expected may be there only as parents of what is, 0755 root:root: package tools differ in which
/// of them they list.
[[nodiscard]] model::Findings compare_trees(const base::ListedTree& expected, const base::ListedTree& found,
                                            const std::vector<formats::ToolMade>& tool_made, const std::string& what);

/// A source package's unpacked tree against the patched source: names, bytes, and who may execute. Owners and folders
/// are the unpacker's.
[[nodiscard]] model::Findings compare_source(const base::SourceTree& expected, const base::ListedTree& found,
                                             const std::string& what);

[[nodiscard]] model::Findings compare_facts(const model::PackageFacts& expected, const model::PackageFacts& found,
                                            const std::string& what);

}  // namespace proof
