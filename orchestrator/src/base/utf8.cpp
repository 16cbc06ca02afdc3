// SPDX-License-Identifier: GPL-3.0-or-later
// The part of text.hpp that looks at code points.
#include <fmt/format.h>

#include "base/text.hpp"

namespace base {
namespace {

struct CodePoint {
  std::size_t length = 0;  // in bytes; 0: not well formed
  char32_t value = 0;
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead};
  std::size_t length = 0;
  char32_t value = 0;
  char32_t least = 0;  // smaller values have a shorter form
  if ((lead & 0xE0) == 0xC0) {
    length = 2, value = lead & 0x1F, least = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3, value = lead & 0x0F, least = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4, value = lead & 0x07, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {length, value};
}

/// Controls, and what changes the order or the lines of the text around it.
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::optional<std::size_t> utf8_fault(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text.substr(at));
    if (point.length == 0) return at;
    at += point.length;
  }
  return std::nullopt;
}

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kCut = "...";
  std::string shown;
  std::size_t room_for_cut = 0;  // the longest prefix that leaves room for "..."
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text.substr(at));
    const std::size_t length = point.length == 0 ? 1 : point.length;
    if (point.length == 0 || is_unsafe(point.value)) {
      for (const char c : text.substr(at, length)) shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += text.substr(at, length);
    }
    if (shown.size() > limit) {
      shown.resize(room_for_cut);
      return shown.append(kCut.substr(0, limit - room_for_cut));
    }
    if (shown.size() + kCut.size() <= limit) room_for_cut = shown.size();
    at += length;
  }
  return shown;
}

}  // namespace base
