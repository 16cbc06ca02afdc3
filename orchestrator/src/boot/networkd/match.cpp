// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"

namespace networkd {
namespace {

constexpr std::array kPatternKeys{"Name", "Driver", "Type", "Kind", "Path"};
constexpr std::array kOtherKeys{"SSID", "BSSID", "WLANInterfaceType", "Property"};
constexpr std::array kConditionKeys{"Host",    "Virtualization", "KernelCommandLine", "KernelVersion",
                                    "Version", "Credential",     "Architecture",      "Firmware"};

template <typename Keys>
bool is_among(const Keys& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

/// How the kernel and systemd (systemd.net-naming-scheme(7)) name wired interfaces: a name that is not known is like
/// one of these.
constexpr std::array<std::string_view, 5> kWiredNames{"eth0", "eno1", "ens3", "enp3s0", "enx525400ab0001"};

/// A hardware address's bytes as hexadecimal digits: "52:54:00:ab:00:01", "52-54-00-AB-00-01", "5254.00ab.0001"; "" for
/// anything else.
std::string digits_of(std::string_view address) {
  const auto mark = address.find_first_of(":-.");
  if (mark == std::string_view::npos || address.size() > 100) return {};
  const std::size_t most = address[mark] == '.' ? 4 : 2;
  std::string out;
  for (const auto& field : base::split(address, address[mark])) {
    if (field.empty() || field.size() > most) return {};
    out.append(most - field.size(), '0');
    for (const char character : field) {
      if (std::isxdigit(static_cast<unsigned char>(character)) == 0) return {};
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
    }
  }
  return out;
}

std::vector<std::string> plain_words_of(std::string_view list) {
  std::vector<std::string> out;
  for (const auto& word : base::split(base::replace_all(std::string(list), "\t", " "), ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

void add_patterns(const std::string& key, const std::string& value, MatchRules& rules) {
  if (value.empty()) {
    rules.patterns.erase(key);
    return;
  }
  // A "!" before the first word is one before each.
  const bool inverted = value.starts_with('!');
  const auto list = std::string_view(value).substr(inverted ? 1 : 0);
  // networkd takes quotes away everywhere but from names of interfaces.
  for (const auto& word : key == "Name" ? plain_words_of(list) : words_of(list)) {
    if (word.empty() || (key == "Name" && !is_interface_name(word, true))) continue;
    rules.patterns[key].push_back(inverted ? "!" + word : word);
  }
}

void add_addresses(const std::string& key, const std::string& value, MatchRules& rules) {
  if (value.empty()) rules.addresses.erase(key);
  for (const auto& word : words_of(value)) {
    if (auto digits = digits_of(word); !digits.empty()) rules.addresses[key].insert(std::move(digits));
  }
}

/// net_match of networkd: one "!" that fits says no; else one that fits, or that there is none without "!".
bool fits(const std::vector<std::string>& patterns, const std::optional<std::string>& text) {
  bool found = false;
  bool positive = false;
  for (const auto& pattern : patterns) {
    const bool inverted = pattern.starts_with('!');
    positive = positive || !inverted;
    if (!text || !glob_matches(std::string_view(pattern).substr(inverted ? 1 : 0), *text)) continue;
    if (inverted) return false;
    found = true;
  }
  return positive ? found : true;
}

/// For an interface of which only is known that it is wired.
Tri fits_some_name(const std::vector<std::string>& patterns) {
  const auto count =
      std::ranges::count_if(kWiredNames, [&](std::string_view name) { return fits(patterns, std::string(name)); });
  if (count == static_cast<std::ptrdiff_t>(kWiredNames.size())) return Tri::yes;
  if (count > 0) return Tri::maybe;
  // An interface may be renamed to anything, but for what only others are called.
  const auto others = [](const std::string& pattern) {
    return pattern.starts_with('!') || pattern == "lo" || pattern.starts_with("wl") || pattern.starts_with("ww");
  };
  return std::ranges::all_of(patterns, others) ? Tri::no : Tri::maybe;
}

Tri name_fits(const std::vector<std::string>& patterns, const Link& link) {
  if (link.name.empty()) return fits_some_name(patterns);
  if (fits(patterns, link.name)) return Tri::yes;
  if (!link.alternative_names) {
    // systemd.link(5), AlternativeNamesPolicy=: a name of another kind, "eno1" beside "enp3s0".
    const auto another_kind = [&](const std::string& pattern) {
      return pattern.starts_with("en") && pattern.substr(0, 3) != link.name.substr(0, 3);
    };
    return std::ranges::any_of(patterns, another_kind) && link.kind.empty() ? Tri::maybe : Tri::no;
  }
  return std::ranges::any_of(*link.alternative_names, [&](const std::string& name) { return fits(patterns, name); })
             ? Tri::yes
             : Tri::no;
}

Tri known_fits(const std::vector<std::string>& patterns, const std::optional<std::string>& text) {
  if (text) return fits(patterns, text->empty() ? std::nullopt : text) ? Tri::yes : Tri::no;
  const auto any = [](const std::string& pattern) { return pattern == "*"; };
  return std::ranges::all_of(patterns, any) ? Tri::yes : Tri::maybe;
}

Tri address_fits(const std::set<std::string>& wanted, const std::optional<std::string>& address) {
  if (!address) return Tri::maybe;
  return wanted.contains(digits_of(*address)) ? Tri::yes : Tri::no;
}

std::string said(const std::string& key, const std::vector<std::string>& values) {
  return fmt::format("{}={}", key, base::join(values, " "));
}

Tri truth(bool value) { return value ? Tri::yes : Tri::no; }
Tri negated(Tri value) { return value == Tri::maybe ? Tri::maybe : truth(value == Tri::no); }

Tri is_on_cmdline(const Environment& environment, std::string_view wanted) {
  // A boot with ip= on its command line has files for it, which systemd-network-generator makes.
  if (!environment.cmdline) return wanted == "ip" ? Tri::no : Tri::maybe;
  const bool whole = wanted.find('=') != std::string_view::npos;
  return truth(std::ranges::any_of(*environment.cmdline, [&](const std::string& word) {
    return whole ? word == wanted
                 : word.starts_with(wanted) && (word.size() == wanted.size() || word[wanted.size()] == '=');
  }));
}

bool is_machine_id(std::string_view text) {
  return text.size() == 32 &&
         std::ranges::all_of(text, [](unsigned char character) { return std::isxdigit(character) != 0; });
}

Tri is_host(const Environment& environment, const std::string& wanted) {
  const auto id = base::replace_all(wanted, "-", "");
  if (is_machine_id(id)) return environment.machine_id ? truth(id == *environment.machine_id) : Tri::maybe;
  return environment.host_name ? truth(glob_matches(wanted, *environment.host_name)) : Tri::maybe;
}

Tri condition_holds(const std::string& key, const std::string& wanted, const Environment& environment) {
  if (key == "KernelCommandLine") return is_on_cmdline(environment, wanted);
  if (key == "Host") return is_host(environment, wanted);
  if ((key == "KernelVersion" || key == "Version") && environment.kernel &&
      wanted.find_first_of("<>=$!") == std::string::npos) {
    const auto words = words_of(wanted);
    return truth(std::ranges::all_of(words, [&](const auto& word) { return glob_matches(word, *environment.kernel); }));
  }
  if (key == "Architecture" && wanted == "native") return Tri::yes;
  if (key == "Architecture" && environment.architecture) return truth(wanted == *environment.architecture);
  if (key == "Firmware" && wanted == "uefi" && environment.efi) return truth(*environment.efi);
  // No initramfs runs in a container.
  if (key == "Virtualization" && (wanted == "container" || wanted == "private-users")) return Tri::no;
  return Tri::maybe;
}

}  // namespace

MatchRules match_rules_of(const ConfigText& config) {
  MatchRules out;
  for (const auto& [section, block, key, value] : config.settings) {
    if (section != "Match") continue;
    if (is_among(kPatternKeys, key)) {
      add_patterns(key, value, out);
    } else if (key == "MACAddress" || key == "PermanentMACAddress") {
      add_addresses(key, value, out);
    } else if (is_among(kOtherKeys, key)) {
      if (value.empty())
        out.others.erase(key);
      else
        out.others.insert(key);
    } else if (is_among(kConditionKeys, key)) {
      out.conditions.erase(key);
      if (!value.empty()) out.conditions[key] = value;
    }
  }
  return out;
}

Tri conditions_hold(const MatchRules& rules, const Environment& environment, std::string& why) {
  auto out = Tri::yes;
  for (const auto& [key, value] : rules.conditions) {
    const bool inverted = value.starts_with('!');
    const std::string wanted(base::trim(std::string_view(value).substr(inverted ? 1 : 0)));
    auto here = condition_holds(key, wanted, environment);
    if (inverted) here = negated(here);
    if (here < out) {
      out = here;
      why = fmt::format("{}={}", key, value);
    }
  }
  return out;
}

Tri link_matches(const MatchRules& rules, const Link& link, std::string& why) {
  auto out = Tri::yes;
  const auto take = [&](Tri here, std::string text) {
    if (here >= out) return;
    out = here;
    why = std::move(text);
  };
  if (rules.is_empty() && rules.conditions.empty()) take(Tri::no, "it has no valid setting in [Match]");
  for (const auto& [key, patterns] : rules.patterns) {
    const auto text = said(key, patterns);
    if (key == "Name")
      take(name_fits(patterns, link), text);
    else if (key == "Type")
      take(truth(fits(patterns, link.type)), text);
    else if (key == "Kind")
      take(truth(fits(patterns, link.kind.empty() ? std::nullopt : std::optional(link.kind))), text);
    else if (key == "Driver")
      take(known_fits(patterns, link.driver), text);
    else
      take(known_fits(patterns, link.path), text);
  }
  for (const auto& [key, wanted] : rules.addresses)
    take(address_fits(wanted, key == "MACAddress" ? link.address : link.permanent_address),
         said(key, {wanted.begin(), wanted.end()}));
  for (const auto& key : rules.others) take(key == "Property" ? Tri::maybe : Tri::no, key + "=");
  return out;
}

}  // namespace networkd
