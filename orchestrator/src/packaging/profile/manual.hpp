// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace profile {

/// The table of fields as the list in orchestrator-profile(5), in mdoc(7). The page holds it between two comments; a
/// lint test compares.
[[nodiscard]] std::string manual();

}  // namespace profile
