// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace openssh {

namespace {

constexpr std::string_view kPrefix = "OpenSSH_";

/// At most four digits at the front of `text`, which is shortened by them.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 4) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  Version version;
  const auto major = take_number(text);
  if (!major || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  const auto minor = take_number(text);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  if (text.starts_with('p')) {
    text.remove_prefix(1);
    version.patch = take_number(text).value_or(0);
  }
  return version;
}

std::optional<Version> version_in(std::string_view bytes) {
  for (auto at = bytes.find(kPrefix); at != std::string_view::npos; at = bytes.find(kPrefix, at + 1)) {
    // What a pattern of compat.c names ("OpenSSH_2.5.0p1*,OpenSSH_3.0*") is not this program's own version.
    const auto found = parse_version(bytes.substr(at));
    const auto end = bytes.find_first_not_of("0123456789.p", at + kPrefix.size());
    const bool pattern = end != std::string_view::npos && (bytes[end] == '*' || bytes[end] == ',' || bytes[end] == '?');
    if (found && !pattern) return found;
  }
  return std::nullopt;
}

bool is_unseen(const Version& version) {
  return version > Version{10, 6, 99} || (version > Version{10, 0, 99} && version < Version{10, 6, 0});
}

std::string release_in(std::string_view bytes) {
  for (auto at = bytes.find(kPrefix); at != std::string_view::npos; at = bytes.find(kPrefix, at + 1)) {
    const auto text = bytes.substr(at, std::min<std::size_t>(bytes.find('\0', at) - at, 128));
    if (parse_version(text) && text.find_first_of("*,?") == std::string_view::npos) return std::string(text);
  }
  return {};
}

std::string to_string(const Version& version) {
  return version.patch == 0 ? fmt::format("{}.{}", version.major, version.minor)
                            : fmt::format("{}.{}p{}", version.major, version.minor, version.patch);
}

}  // namespace openssh
