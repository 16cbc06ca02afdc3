// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/deb_version.hpp"

namespace model {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// '~' sorts before the end, the end before letters, letters before the rest.
int weight(std::string_view text, std::size_t at) {
  if (at >= text.size() || digit(text[at])) return 0;
  const char c = text[at];
  if (c == '~') return -1;
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? c : c + 256;
}

int compare_part(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < a.size() || k < b.size()) {
    while ((i < a.size() && !digit(a[i])) || (k < b.size() && !digit(b[k]))) {
      if (const int difference = weight(a, i) - weight(b, k); difference != 0) return difference;
      ++i;
      ++k;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (k < b.size() && b[k] == '0') ++k;
    int first_difference = 0;
    while (i < a.size() && digit(a[i]) && k < b.size() && digit(b[k])) {
      if (first_difference == 0) first_difference = a[i] - b[k];
      ++i;
      ++k;
    }
    if (i < a.size() && digit(a[i])) return 1;
    if (k < b.size() && digit(b[k])) return -1;
    if (first_difference != 0) return first_difference;
  }
  return 0;
}

}  // namespace

int compare_deb_versions(std::string_view a, std::string_view b) {
  const auto split = [](std::string_view v) {
    const auto dash = v.rfind('-');
    return dash == std::string_view::npos ? std::pair{v, std::string_view("0")}
                                          : std::pair{v.substr(0, dash), v.substr(dash + 1)};
  };
  const auto [a_upstream, a_revision] = split(a);
  const auto [b_upstream, b_revision] = split(b);
  if (const int upstream = compare_part(a_upstream, b_upstream); upstream != 0) return upstream;
  return compare_part(a_revision, b_revision);
}

}  // namespace model
