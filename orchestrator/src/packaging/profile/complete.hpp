// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/finding.hpp"

/// A merged profile and its packages: what of it is one package's, and whether that is all there.
namespace profile {

/// The ids in /packages, sorted.
[[nodiscard]] std::vector<std::string> packages_of(const nlohmann::json& merged);

/// The merged profile as one of its packages sees it: what /packages/ID says is merged over /package (RFC 7396), and
/// there is no /packages.
[[nodiscard]] nlohmann::json package_profile(const nlohmann::json& merged, const std::string& id);

/// What the merged profile of every package must have, and what it must not: a field of a format that this is not.
void check_complete(const nlohmann::json& merged, const std::string& where, model::Findings& findings);

}  // namespace profile
