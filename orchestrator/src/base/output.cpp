// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"

namespace base {
namespace {

constexpr std::array<std::string_view, 5> kColours{"\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[1;31m", "\x1b[0m"};

bool has_colours() {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

std::string printed(std::string_view text, bool colours) {
  if (!colours) return printable_text(text);
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find('\x1b'); at != std::string_view::npos; at = text.find('\x1b', at + 1)) {
    const auto* const colour =
        std::ranges::find_if(kColours, [&](std::string_view each) { return text.substr(at).starts_with(each); });
    if (colour == kColours.end()) continue;
    out += printable_text(text.substr(done, at - done));
    out += *colour;
    done = at + colour->size();
  }
  return out += printable_text(text.substr(done));
}

void print(std::string_view text) {
  const auto bytes = printed(text, has_colours());
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

std::string coloured(std::string_view colour, const std::string& text) {
  return has_colours() ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

void PrintablePieces::add(std::string_view bytes) {
  held_ += bytes;
  // Up to three bytes at the end may be the beginning of a character.
  auto cut = held_.size();
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, held_.size()); ++back) {
    const auto byte = static_cast<unsigned char>(held_[held_.size() - back]);
    if (byte < 0x80) break;
    if (byte >= 0xC0) {
      cut = held_.size() - back;
      break;
    }
  }
  if (cut == 0) return;
  write_(printable_text(std::string_view(held_).substr(0, cut)));
  held_.erase(0, cut);
}

void PrintablePieces::finish() {
  if (!held_.empty()) write_(printable_text(held_));
  held_.clear();
}

}  // namespace base
