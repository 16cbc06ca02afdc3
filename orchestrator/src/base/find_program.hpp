// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace base {

/// Where a program lies in a PATH-like list; nothing if it is in none of its folders.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name, const std::string& path_list);

}  // namespace base
