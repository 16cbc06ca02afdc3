// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>

#include "initramfs/loader.hpp"

namespace initramfs {
namespace {

/// Takes a number of at most four digits from the beginning of `text`.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < 4 && digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  return digits > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::pair<unsigned, unsigned>> glibc_version(std::string_view libc) {
  constexpr std::string_view kName = "GNU C Library (";
  constexpr std::string_view kVersion = "release version ";
  for (auto at = libc.find(kName); at != std::string_view::npos; at = libc.find(kName, at + 1)) {
    auto banner = libc.substr(at, 256);
    const auto found = banner.find(kVersion);
    if (found == std::string_view::npos) continue;
    banner.remove_prefix(found + kVersion.size());
    const auto major = take_number(banner);
    if (!major || !banner.starts_with('.')) continue;
    banner.remove_prefix(1);
    if (const auto minor = take_number(banner)) return std::pair(*major, *minor);
  }
  return std::nullopt;
}

}  // namespace initramfs
