// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/config_line.hpp"

#include <algorithm>
#include <optional>

namespace openssh {

namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::size_t skip_blank(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlank, at), text.size());
}

/// The keyword, cut from the front of `text`. Nothing when its quote has no end: sshd passes over such a line. A quote
/// in the middle of a word goes away, and the word ends at the next one.
std::optional<std::string> take_keyword(std::string_view& text) {
  const auto end = text.find_first_of(" \t\r\n\"=");
  if (end == std::string_view::npos) {
    std::string all(text);
    text = {};
    return all;
  }
  std::string out(text.substr(0, end));
  if (text[end] == '"') {
    const auto close = text.find('"', end + 1);
    if (close == std::string_view::npos) return std::nullopt;
    out += text.substr(end + 1, close - end - 1);
    text.remove_prefix(skip_blank(text, close + 1));
    return out;
  }
  auto next = skip_blank(text, end + 1);
  if (text[end] != '=' && next < text.size() && text[next] == '=') next = skip_blank(text, next + 1);
  text.remove_prefix(next);
  return out;
}

/// One argument from `at` on, which is moved behind it; false when a quote has no end.
bool take_argument(std::string_view text, std::size_t& at, std::string& out) {
  char quote = '\0';
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\\' && (next == '\'' || next == '"' || next == '\\' || (quote == '\0' && next == ' '))) {
      out += next;
      ++at;
    } else if (quote == '\0' && (c == ' ' || c == '\t')) {
      break;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else {
      out += c;
    }
  }
  return quote == '\0';
}

}  // namespace

std::vector<ConfigLine> config_lines(std::string_view text, std::size_t limit) {
  std::vector<ConfigLine> out;
  bool joined = false;
  unsigned number = 0;
  while (!text.empty() && out.size() < limit) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    const auto nul = line.find('\0');
    line = line.substr(0, nul);
    ++number;
    if (joined)
      out.back().text += line;
    else
      out.push_back({number, std::string(line)});
    joined = nul != std::string_view::npos;
  }
  for (auto& line : out) {
    const auto last = line.text.find_last_not_of(" \t\r\n\f");
    line.text.resize(last == std::string::npos ? 0 : last + 1);
  }
  return out;
}

Tokens tokens_of(std::string_view line) {
  Tokens out;
  auto keyword = take_keyword(line);
  if (keyword && keyword->empty()) keyword = take_keyword(line);
  if (!keyword || keyword->empty() || keyword->front() == '#') return out;
  out.keyword = std::move(*keyword);
  out.rest = line;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    std::string argument;
    if (!take_argument(line, at, argument)) {
      out.bad_quotes = true;
      out.arguments.clear();
      break;
    }
    out.arguments.push_back(std::move(argument));
  }
  return out;
}

}  // namespace openssh
