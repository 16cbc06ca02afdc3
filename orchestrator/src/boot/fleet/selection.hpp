// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "fleet/inventory.hpp"

namespace fleet {

/// Which machines the words of a command line mean, in the order of the words, each once:
/// - NAME: that host of the inventory; another name is a machine with what defaults and patterns say of it.
/// - @GROUP: the hosts of a group, in the order of the inventory. Every host is in @all.
/// - 'web*': the hosts of the inventory whose names match; '*' is any text, '?' one character.
/// - USER@ before a name or a pattern: the user of the real system.
/// With `all`, every host of the inventory, and no word. base::Error (usage) for a group or a pattern without a host, a
/// name that ssh cannot take, and no machine at all.
[[nodiscard]] std::vector<Host> select(const Inventory& inventory, const std::vector<std::string>& words,
                                       bool all = false);

}  // namespace fleet
