// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// SHA-256 by OpenSSL's EVP interface, as lower-case hex.
namespace base {

[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string sha256_of_file(
    const std::filesystem::path& path);  // streams; base::Error if it cannot be read

}  // namespace base
