// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "profile/load.hpp"

namespace profile {

/// What "--distro X" means: "rhel" its default release, "rhel:8" that one, "rhel:*" all of them. In the order asked
/// for, each once. A word that fits nothing is a finding with a suggestion.
[[nodiscard]] std::vector<const Release*> select(const Loaded& loaded, const std::vector<std::string>& words,
                                                 model::Findings& findings);
[[nodiscard]] std::vector<const Release*> all(const Loaded& loaded);

}  // namespace profile
