// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/render/escape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace render {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// Every character of `special` gets `before` put in front of it.
std::string prefixed(std::string_view text, std::string_view special, std::string_view before) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += before;
    out += c;
  }
  return out;
}

}  // namespace

std::string plain(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) {
    throw base::Error(fmt::format("\"{}\" holds a control character", base::printable(text)))
        .with_hint("write it in one line of plain text");
  }
  return std::string(text);
}

std::string spec(std::string_view text) {
  std::string out = prefixed(plain(text), "%", "%");
  if (!out.empty() && out.back() == '\\') out += ' ';
  return out;
}

std::string spec_line(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first != std::string_view::npos && (text[first] == '%' || text[first] == '#')) {
    throw base::Error(
        fmt::format("\"{}\" cannot be a line of an RPM's description: rpm takes what begins with \"{}\" for its own",
                    base::printable(text), text[first]))
        .with_hint("move the line break, so that the line begins with another word");
  }
  return spec(text);
}

std::string bash(std::string_view text) { return '"' + prefixed(plain(text), "\\\"$`", "\\") + '"'; }

std::string control(std::string_view text) {
  return base::replace_all(std::string(base::trim(plain(text))), "${", "${}{");
}

std::string control_lines(const std::vector<std::string>& text) {
  std::string out;
  for (const std::string& line : text) {
    const std::string value = base::replace_all(plain(line), "${", "${}{");
    out += base::trim(value).empty() ? " .\n" : fmt::format(" {}\n", value);
  }
  return out;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : plain(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  for (const std::string& word : base::split(text, ' ')) {
    if (word.empty()) continue;
    const bool may_begin = word.front() != '%' && word.front() != '#';
    if (out.empty() || (may_begin && out.back().size() + 1 + word.size() > width)) {
      out.push_back(word);
    } else {
      out.back() += ' ' + word;
    }
  }
  return out;
}

}  // namespace render
