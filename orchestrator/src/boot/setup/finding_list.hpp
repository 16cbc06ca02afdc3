// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "inspect/check_list.hpp"

/// What `doctor` says of the machine itself: the list that `doctor explain` shows. What it says of the image are
/// inspect's checks.
namespace setup {

/// In the order in which findings_of() comes to them.
[[nodiscard]] std::span<const inspect::Check> host_checks();
/// Null if there is none.
[[nodiscard]] const inspect::Check* host_check_of(std::string_view id);

}  // namespace setup
