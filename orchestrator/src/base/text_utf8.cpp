// SPDX-License-Identifier: GPL-3.0-or-later
// The part of text.hpp that looks at code points.
#include <fmt/format.h>

#include <algorithm>

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

struct Range {
  char32_t first;
  char32_t last;
};

/// Controls, what changes the order or the lines of the text around it, and what is not seen at all (Unicode's
/// categories Cc, Zl, Zp, and Cf but for the marks of some scripts' own; variation selectors).
constexpr Range kUnsafe[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
                             {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
                             {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};

bool is_unsafe(char32_t c) {
  return std::ranges::any_of(kUnsafe, [c](const Range& each) { return c >= each.first && c <= each.last; });
}

/// One character of `text`, or one byte that is none, as it may be shown.
void show(std::string& shown, std::string_view text, const CodePoint& point) {
  if (point.length != 0 && !is_unsafe(point.value)) {
    shown += text.substr(0, point.length);
    return;
  }
  for (const char c : text.substr(0, point.length == 0 ? 1 : point.length))
    shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
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
    show(shown, text.substr(at), point);
    if (shown.size() > limit) {
      shown.resize(room_for_cut);
      return shown.append(kCut.substr(0, limit - room_for_cut));
    }
    if (shown.size() + kCut.size() <= limit) room_for_cut = shown.size();
    at += length;
  }
  return shown;
}

std::string printable_text(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto point = decode(text);
    if (text.front() == '\n' || text.front() == '\t')
      shown += text.front();
    else
      show(shown, text, point);
    text.remove_prefix(point.length == 0 ? 1 : point.length);
  }
  return shown;
}

}  // namespace base
