// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/render/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace render {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_name(char c) { return is_upper(c) || (c >= '0' && c <= '9') || c == '_'; }

/// The name of a placeholder that begins at `text[at]`, an "@"; "" when there is none.
std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (end == text.size() || !is_upper(text[end])) return {};
  while (end < text.size() && is_name(text[end])) ++end;
  if (end == text.size() || text[end] != '@') return {};
  return text.substr(at + 1, end - at - 1);
}

[[noreturn]] void throw_unknown(std::string_view name, const Values& values, std::string_view file,
                                std::string_view before) {
  std::vector<std::string> known;
  for (const auto& [key, value] : values) known.push_back(key);
  const auto nearest = base::closest(name, known);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const base::Error error(fmt::format("{}:{}: there is no value named @{}@", file, line, base::printable(name)));
  throw error.with_hint(nearest
                            ? fmt::format("did you mean @{}@?", *nearest)
                            : fmt::format("known names: {}; write @@ for an @ of the text", base::join(known, ", ")));
}

}  // namespace

std::string fill(std::string_view text, const Values& values, std::string_view file) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', done)) {
    out += text.substr(done, at - done);
    const std::string_view name = name_at(text, at);
    if (!name.empty()) {
      const auto found = values.find(std::string(name));
      if (found == values.end()) throw_unknown(name, values, file, text.substr(0, at));
      out += found->second;
      done = at + name.size() + 2;
    } else {
      out += '@';
      done = at + (at + 1 < text.size() && text[at + 1] == '@' ? 2 : 1);
    }
  }
  return out += text.substr(done);
}

}  // namespace render
