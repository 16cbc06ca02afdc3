// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/config_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

std::string shown(std::string_view text) { return '"' + base::printable(text, 60) + '"'; }

std::string one_of(const std::vector<std::string_view>& choices, std::string_view argument) {
  std::string all;
  for (const auto choice : choices) {
    if (same_word(choice, argument)) return {};
    if (!all.empty()) all += ", ";
    all += choice;
  }
  return fmt::format("{} is none of {}", shown(argument), all);
}

std::string shape_fault(const Keyword& keyword, std::string_view argument) {
  switch (keyword.shape) {
    case Shape::flag:
      return one_of({"yes", "no"}, argument);
    case Shape::choice:
      return one_of(keyword.choices, argument);
    case Shape::number:
      return integer_of(argument) ? "" : shown(argument) + " is not a number";
    case Shape::time:
      return seconds_of(argument) ? "" : shown(argument) + " is not a time";
    case Shape::time_or_none:
      return seconds_of(argument) || same_word(argument, "none") ? "" : shown(argument) + " is not a time";
    case Shape::port:
      return is_port(argument) ? "" : shown(argument) + " is not a port";
    default:
      return argument.empty() ? "an argument is empty" : "";
  }
}

constexpr std::array<std::string_view, 8> kWithArgument{"user",         "group",     "host",    "address",
                                                        "localaddress", "localport", "rdomain", "version"};

/// "user=root" is taken apart since 9.9; before, the argument stands behind a blank.
std::string split_criterion(const std::string& word, std::string& name) {
  const auto equals = word.find('=');
  name = lower(word.substr(0, equals));
  const bool known = std::find(kWithArgument.begin(), kWithArgument.end(), name) != kWithArgument.end();
  if (equals == std::string::npos || !known) {
    name = lower(word);
    return {};
  }
  return word.substr(equals + 1);
}

}  // namespace

std::optional<int> integer_of(std::string_view text) {
  int value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < 0) return std::nullopt;
  return value;
}

bool is_port(std::string_view text) {
  const auto number = integer_of(text);
  if (number) return *number > 0 && *number <= 65535;
  return std::any_of(text.begin(), text.end(), [](char c) { return (c < '0' || c > '9') && c != '-' && c != '+'; });
}

std::optional<long> seconds_of(std::string_view text) {
  constexpr long kLimit = std::numeric_limits<int>::max();
  if (text.empty()) return std::nullopt;
  long total = 0;
  while (!text.empty()) {
    long value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || value > kLimit) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    long unit = 1;
    if (!text.empty()) {
      const auto which = std::string_view("smhdw").find(lower(text.substr(0, 1)));
      if (which == std::string_view::npos) return std::nullopt;
      unit = std::array<long, 5>{1, 60, 3600, 86400, 604800}[which];
      text.remove_prefix(1);
    }
    if (value > kLimit / unit || total > kLimit - value * unit) return std::nullopt;
    total += value * unit;
  }
  return total;
}

std::string argument_fault(const Keyword& keyword, const Tokens& tokens) {
  if (tokens.bad_quotes) return "a quote has no end";
  switch (keyword.shape) {
    case Shape::several:
    case Shape::rest:
    case Shape::words_or_none:
      return {};
    case Shape::command:
      if (tokens.rest.starts_with('/') || same_word(tokens.rest, "none")) return {};
      return shown(tokens.rest) + " is neither an absolute path nor none";
    default:
      break;
  }
  if (tokens.arguments.empty()) return "its argument is missing";
  if (auto fault = shape_fault(keyword, tokens.arguments.front()); !fault.empty()) return fault;
  if (keyword.shape == Shape::words) {
    const bool empty = std::any_of(tokens.arguments.begin(), tokens.arguments.end(),
                                   [](const std::string& argument) { return argument.empty(); });
    return empty ? "an argument is empty" : "";
  }
  return tokens.arguments.size() > 1 ? "it has more than one argument" : "";
}

std::string read_criteria(const std::vector<std::string>& arguments, std::vector<Criterion>& out) {
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    if (arguments[at].starts_with('#')) break;
    Criterion criterion;
    criterion.argument = split_criterion(arguments[at], criterion.name);
    if (criterion.name == "all") {
      const bool alone = out.empty() && (at + 1 == arguments.size() || arguments[at + 1].starts_with('#'));
      if (!alone) return "\"all\" cannot stand beside other criteria";
      out.push_back(std::move(criterion));
      return {};
    }
    if (criterion.name == "invalid-user") {
      out.push_back(std::move(criterion));
      continue;
    }
    if (std::find(kWithArgument.begin(), kWithArgument.end(), criterion.name) == kWithArgument.end())
      return fmt::format("Match knows no criterion {}", shown(arguments[at]));
    if (criterion.argument.empty() && arguments[at].find('=') == std::string::npos && at + 1 < arguments.size())
      criterion.argument = arguments[++at];
    if (criterion.argument.empty() || criterion.argument.starts_with('#'))
      return fmt::format("the criterion {} has no argument", shown(criterion.name));
    if (criterion.name.ends_with("address") && !is_address_list(criterion.argument))
      return fmt::format("{} is not a list of addresses: an item is empty, or has bits behind its mask",
                         shown(criterion.argument));
    if (criterion.name == "localport" && !is_port(criterion.argument))
      return shown(criterion.argument) + " is not a port";
    out.push_back(std::move(criterion));
  }
  return out.empty() ? "Match has no criteria" : "";
}

}  // namespace openssh
