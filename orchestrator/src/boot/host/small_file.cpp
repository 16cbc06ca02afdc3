// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/small_file.hpp"

#include "base/error.hpp"
#include "base/files.hpp"

namespace host {
namespace fs = std::filesystem;

std::optional<std::string> read_small(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  try {
    return base::read_file(path, 1U << 20U);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace host
