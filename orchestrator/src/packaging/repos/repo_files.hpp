// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// What several package managers' repositories need. For this room's own files.
namespace repos {

/// A file of a site, whole; metadata and packages are small. base::Error when it is longer than 64 MiB.
[[nodiscard]] std::string content_of(const std::filesystem::path& file);
/// The same, or what is wrong with it as a fault, and "".
[[nodiscard]] std::string content_or_fault(const std::filesystem::path& site, const std::string& path,
                                           std::vector<std::string>& faults);

/// A fault when the file is not there, or is another than was promised. `sha256` is in hexadecimal digits.
void check_listed(const std::filesystem::path& site, const std::string& path, std::string_view sha256,
                  std::vector<std::string>& faults);

/// The text between `before` and `after`, each time that they come after one another.
[[nodiscard]] std::vector<std::string> between(std::string_view text, std::string_view before, std::string_view after);

/// By name, files only; none where there is no such folder.
[[nodiscard]] std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

}  // namespace repos
