// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/pattern.hpp"

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace openssh {

bool matches(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;  // the last '*', to which a mismatch goes back
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

ListMatch match_list(std::string_view text, std::string_view patterns) {
  constexpr std::size_t kPatternLimit = 1022;  // match_pattern_list: a longer one makes the whole list match nothing
  bool found = false;
  for (const auto& item : base::split(patterns, ',')) {
    const bool negated = item.starts_with('!');
    const auto pattern = std::string_view(item).substr(negated ? 1 : 0);
    if (pattern.size() > kPatternLimit) return ListMatch::none;
    if (!matches(text, pattern)) continue;
    if (negated) return ListMatch::denied;
    found = true;
  }
  return found ? ListMatch::matched : ListMatch::none;
}

bool match_groups(const std::vector<std::string>& groups, std::string_view patterns) {
  bool found = false;
  for (const auto& group : groups) {
    const auto match = match_list(group, patterns);
    if (match == ListMatch::denied) return false;
    found = found || match == ListMatch::matched;
  }
  return found;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool same_word(std::string_view a, std::string_view b) { return a.size() == b.size() && lower(a) == lower(b); }

}  // namespace openssh
