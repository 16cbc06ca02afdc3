// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/unsealed_setting.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace seal {
namespace {

constexpr std::string_view kKey = "UNSEALED_KEY=";

std::string_view without_quotes(std::string_view value) {
  constexpr std::string_view kQuotes = "\"'";
  if (!value.empty() && kQuotes.find(value.front()) != std::string_view::npos) value.remove_prefix(1);
  if (!value.empty() && kQuotes.find(value.back()) != std::string_view::npos) value.remove_suffix(1);
  return value;
}

}  // namespace

bool is_without_unsealed_key(std::string_view settings) {
  const auto lines = base::lines(settings);
  return std::ranges::any_of(lines, [](const std::string& line) {
    const auto text = base::trim(line);
    return text.starts_with(kKey) && without_quotes(text.substr(kKey.size())) == "no";
  });
}

std::string without_unsealed_key(std::string settings) {
  if (is_without_unsealed_key(settings)) return settings;
  if (!settings.empty() && settings.back() != '\n') settings += '\n';
  return settings + std::string(kKey) + "no\n";
}

}  // namespace seal
