// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace seal {

/// The settings that the module reads, below the root of the system.
inline constexpr const char* kSettings = "etc/dracut-sshd/initrd.conf";

/// Whether a line says UNSEALED_KEY=no, in quotes or not, as the module reads it.
[[nodiscard]] bool is_without_unsealed_key(std::string_view settings);

/// The same text with UNSEALED_KEY=no in force.
[[nodiscard]] std::string without_unsealed_key(std::string settings);

}  // namespace seal
