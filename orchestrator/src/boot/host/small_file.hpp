// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace host {

/// A small file's content; nothing if it cannot be read, is longer than a MiB, or is no file.
[[nodiscard]] std::optional<std::string> read_small(const std::filesystem::path& path);

}  // namespace host
