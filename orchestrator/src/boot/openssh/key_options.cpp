// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/key_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::size_t kOptionLimit = 4096;

std::string shown(std::string_view text) { return '"' + base::printable(text, 40) + '"'; }

std::optional<unsigned> digits(std::string_view text) {
  unsigned out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

/// A value in double quotes at the front of `text`, which is moved behind them.
bool take_value(std::string_view& text, std::string& value) {
  if (!text.starts_with('"')) return false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return true;
    }
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
    value += text[at];
  }
  return false;
}

/// "HOST:PORT", "[HOST]:PORT"; PORT may be '*'. For permitlisten, a port alone will do.
bool is_permit(std::string_view text, bool bare_port) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos && !bare_port) return false;
  const auto port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (port == "*") return true;
  if (port.empty()) return false;
  // A name of /etc/services may stand there; what is in that file is not known here.
  const auto number = digits(port.substr(0, 6));
  return !number || (*number > 0 && *number <= 65535);
}

bool is_environment(std::string_view text) {
  const auto name = text.substr(0, text.find('='));
  return name.size() < text.size() && !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string value_fault(const std::string& name, const std::string& value, std::uint64_t now) {
  if (name == "expiry-time") {
    const auto time = absolute_time(value);
    if (!time || *time == 0)
      return fmt::format("expiry-time: {} is not a time, and sshd refuses the line", shown(value));
    if (*time < now) return fmt::format("expired: expiry-time is {}", base::printable(value, 20));
  }
  if (name == "from" && !is_address_list(value))
    return fmt::format("from: {} has an empty item, or bits behind a mask, and sshd then lets nobody in by the line",
                       shown(value));
  if (name == "environment" && !is_environment(value))
    return fmt::format("environment: {} is not NAME=VALUE, and sshd refuses the line", shown(value));
  if ((name == "permitopen" && !is_permit(value, false)) || (name == "permitlisten" && !is_permit(value, true)))
    return fmt::format("{}: {} is not HOST:PORT, and sshd refuses the line", name, shown(value));
  if (name == "tunnel" && !same_word(value, "any") && (value.empty() || value.size() > 9 || !digits(value)))
    return fmt::format("tunnel: {} is not a device number, and sshd refuses the line", shown(value));
  return {};
}

/// sshd compares the beginning of the text with each name, in this order; what follows must then be a comma or an end.
std::string find_prefix(std::string_view text, const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (same_word(text.substr(0, name.size()), name)) return name;
  return {};
}

std::string unknown(std::string_view text) {
  const auto end = text.find_first_of(",=\" \t");
  const auto word = std::string(text.substr(0, std::min<std::size_t>(end, 40)));
  auto all = known_flags();
  all.insert(all.end(), known_valued_options().begin(), known_valued_options().end());
  const auto near = base::closest(lower(word), all);
  return fmt::format("sshd knows no option {}{}, and refuses the line", shown(word),
                     near ? fmt::format(" (is {} meant?)", *near) : "");
}

std::string valued_name(std::string_view text) {
  for (const auto& name : known_valued_options())
    if (same_word(text.substr(0, name.size()), name) && text.substr(name.size()).starts_with('=')) return name;
  return {};
}

/// One option from the front of `text`; the fault that ends all, if any.
std::string take_option(std::string_view& text, std::uint64_t now, std::vector<KeyOption>& out) {
  if (const auto flag = find_prefix(text, known_flags()); !flag.empty()) {
    const auto rest = text.substr(flag.size());
    if (!rest.empty() && rest.front() != ',') return unknown(text);
    out.emplace_back(std::string(text.substr(0, flag.size())), std::nullopt);
    text = rest;
    return {};
  }
  const auto name = valued_name(text);
  if (name.empty()) return unknown(text);
  const auto spelled = std::string(text.substr(0, name.size()));
  text.remove_prefix(name.size() + 1);
  std::string value;
  if (!take_value(text, value)) return fmt::format("the value of {} is not in double quotes", name);
  const bool once = name == "command" || name == "from" || name == "principals";
  if (once && has_option(out, name)) return fmt::format("{} stands there twice, and sshd refuses the line", name);
  auto fault = value_fault(name, value, now);
  out.emplace_back(spelled, std::move(value));
  return fault;
}

}  // namespace

const std::vector<std::string>& known_flags() {
  static const std::vector<std::string> flags = [] {
    std::vector<std::string> out{"restrict", "cert-authority"};
    for (const auto* name : {"port-forwarding", "agent-forwarding", "x11-forwarding", "touch-required",
                             "verify-required", "pty", "user-rc"}) {
      out.emplace_back(name);
      out.push_back("no-" + std::string(name));
    }
    return out;
  }();
  return flags;
}

const std::vector<std::string>& known_valued_options() {
  static const std::vector<std::string> names{"command",     "principals", "from",         "expiry-time",
                                              "environment", "permitopen", "permitlisten", "tunnel"};
  return names;
}

std::optional<std::string_view> options_part(std::string_view line) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < line.size() && (quoted || (line[at] != ' ' && line[at] != '\t')); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '"')
      ++at;
    else if (line[at] == '"')
      quoted = !quoted;
  }
  if (quoted) return std::nullopt;
  return line.substr(0, at);
}

KeyOptions parse_key_options(std::string_view text, std::uint64_t now) {
  KeyOptions out;
  while (!text.empty()) {
    if (out.options.size() == kOptionLimit) {
      out.fault = "it has more options than this reader takes";
      return out;
    }
    auto fault = take_option(text, now, out.options);
    const bool past = fault.starts_with("expired");
    if (!fault.empty() && out.fault.empty()) out.fault = std::move(fault);
    if (!out.fault.empty() && !past) return out;
    if (text.empty()) break;
    if (text.front() != ',') {
      out.fault = unknown(text);
      return out;
    }
    text.remove_prefix(1);
  }
  return out;
}

bool has_option(const std::vector<KeyOption>& options, std::string_view name) {
  return std::any_of(options.begin(), options.end(),
                     [name](const KeyOption& option) { return same_word(option.first, name); });
}

std::optional<std::string> option_value(const std::vector<KeyOption>& options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [name](const KeyOption& option) { return same_word(option.first, name); });
  return found == options.end() ? std::nullopt : found->second;
}

std::optional<std::uint64_t> absolute_time(std::string_view text) {
  if (text.size() > 1 && same_word(text.substr(text.size() - 1), "Z"))
    text.remove_suffix(1);
  else if (text.size() > 3 && same_word(text.substr(text.size() - 3), "UTC"))
    text.remove_suffix(3);
  if (text.size() != 8 && text.size() != 12 && text.size() != 14) return std::nullopt;
  if (!digits(text)) return std::nullopt;
  const auto month = *digits(text.substr(4, 2));
  const auto of_month = *digits(text.substr(6, 2));
  if (month < 1 || month > 12 || of_month < 1 || of_month > 31) return std::nullopt;
  auto day = base::days_of(fmt::format("{}-{}-01", text.substr(0, 4), text.substr(4, 2)));
  if (day) *day += of_month - 1;
  std::array<unsigned, 3> clock{};
  for (std::size_t part = 0; part < clock.size() && 8 + 2 * part < text.size(); ++part)
    clock[part] = *digits(text.substr(8 + 2 * part, 2));
  if (!day || *day < 0 || clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return std::nullopt;
  return static_cast<std::uint64_t>(*day) * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2];
}

}  // namespace openssh
