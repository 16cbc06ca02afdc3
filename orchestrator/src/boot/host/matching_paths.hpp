// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace host {

/// What glob(3) without flags finds below `root`, sorted, as paths below it: '*', '?' and "[...]" in every part of the
/// absolute pattern, a backslash before a character that stands for itself. At most `most` paths. A folder that cannot
/// be read has nothing. glob(3) itself may ask for users' home folders, and so cannot be linked statically.
[[nodiscard]] std::vector<std::string> matching_paths(const std::filesystem::path& root, const std::string& pattern,
                                                      std::size_t most);

}  // namespace host
