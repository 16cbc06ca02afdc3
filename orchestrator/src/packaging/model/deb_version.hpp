// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace model {

/// Order of two Debian versions without an epoch (deb-version(7), "Sorting algorithm"): negative, zero,
/// positive.
[[nodiscard]] int compare_deb_versions(std::string_view a, std::string_view b);

}  // namespace model
