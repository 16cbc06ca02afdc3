// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/config_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/config_check.hpp"
#include "openssh/pattern.hpp"

namespace openssh {
namespace {

using Arguments = std::vector<std::string>;

std::string shown(std::string_view text) { return '"' + base::printable(text, 60) + '"'; }

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = text.find(by);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
  return std::ranges::any_of(all, [&](std::string_view each) { return same_word(each, word); });
}

/// As sscanf("%d:%d:%d") takes them: as far as they go, whatever stands behind.
std::vector<int> numbers(std::string_view text) {
  std::vector<int> out;
  while (out.size() < 3) {
    int value = 0;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc()) break;
    out.push_back(value);
    if (at == end || *at != ':') break;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  }
  return out;
}

std::string hash(const Arguments& all) {
  return is_one_of(all[0], {"md5", "sha1", "sha256", "sha384", "sha512"}) ? "" : shown(all[0]) + " is not a hash";
}

std::string max_startups(const Arguments& all) {
  const auto found = numbers(all[0]);
  const bool good = (found.size() == 1 || found.size() == 3) && found.front() > 0 &&
                    (found.size() == 1 || (found[0] <= found[2] && found[1] > 0 && found[1] <= 100));
  return good ? "" : shown(all[0]) + " is neither a number nor START:RATE:FULL";
}

std::string per_source(const Arguments& all) {
  return same_word(all[0], "none") || integer_of(all[0]) ? "" : shown(all[0]) + " is not a number";
}

std::string net_block(const Arguments& all) {
  const auto found = numbers(all[0]);
  const bool good =
      !found.empty() && found[0] >= 0 && found[0] <= 32 && (found.size() < 2 || (found[1] >= 0 && found[1] <= 128));
  return good ? "" : shown(all[0]) + " is not IPV4BITS:IPV6BITS";
}

std::string penalties(const Arguments& all) {
  for (const auto& each : all) {
    const auto colon = each.find(':');
    const auto name = std::string_view(each).substr(0, colon);
    if (colon == std::string::npos) {
      if (!is_one_of(name, {"yes", "no", "true", "false"})) return shown(each) + " is not a penalty";
      if (all.size() > 1) return shown(each) + " cannot stand beside others";
    } else if (is_one_of(name, {"crash", "authfail", "noauth", "grace-exceeded", "max", "min"}) &&
               !seconds_of(each.substr(colon + 1))) {
      return shown(each) + " has no time";
    }
  }
  return {};
}

std::string rekey_limit(const Arguments& all) {
  if (all.size() > 2) return "it has more than two arguments";
  const std::string_view size = all[0];
  if (!same_word(size, "default")) {
    const auto digits = std::min(size.find_first_not_of("0123456789."), size.size());
    const bool unit = digits == size.size() ||
                      (digits + 1 == size.size() &&
                       std::string_view("bkmgtpe").find(lower(size.substr(digits))) != std::string_view::npos);
    const auto bytes = integer_of(size);
    if (digits == 0 || !unit || (bytes && *bytes > 0 && *bytes < 16)) return shown(size) + " is not a size";
  }
  if (all.size() == 2 && !same_word(all[1], "none") && !seconds_of(all[1])) return shown(all[1]) + " is not a time";
  return {};
}

std::string mask(const Arguments& all) {
  unsigned value = 0;
  const auto [at, error] = std::from_chars(all[0].data(), all[0].data() + all[0].size(), value, 8);
  return error == std::errc() && value <= 0777U ? "" : shown(all[0]) + " is not a mask";
}

/// "HOST:PORT" and "[HOST]:PORT": the port; nothing where there is none.
std::optional<std::string_view> port_of(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') return std::nullopt;
    return text.substr(end + 2);
  }
  const auto colon = text.find(':');
  return colon == std::string_view::npos ? std::nullopt : std::optional(text.substr(colon + 1));
}

std::string forwards(const Arguments& all, bool port_alone) {
  for (const auto& each : all) {
    if (is_one_of(each, {"any", "none"})) continue;  // beside others, only some versions refuse them
    const auto port = port_of(each);
    if (!port && !port_alone) return shown(each) + " has no port";
    const auto word = port.value_or(each);
    if (word != "*" && !is_port(word)) return shown(word) + " is not a port";
  }
  return {};
}

std::string permit_open(const Arguments& all) { return forwards(all, false); }
std::string permit_listen(const Arguments& all) { return forwards(all, true); }

std::string set_environment(const Arguments& all) {
  for (const auto& each : all) {
    if (const auto equals = each.find('='); equals == 0 || equals == std::string::npos)
      return shown(each) + " is not NAME=VALUE";
  }
  return {};
}

std::string accept_environment(const Arguments& all) {
  for (const auto& each : all) {
    if (each.find('=') != std::string::npos) return shown(each) + " is not a name";
  }
  return {};
}

std::string methods(const Arguments& all) {
  for (const auto& list : all) {
    if (list == "any") {
      if (all.size() > 1) return "\"any\" cannot stand beside others";
      continue;
    }
    for (const auto each : split(list, ',')) {
      const auto name = each.substr(0, each.find(':'));
      constexpr std::array<std::string_view, 6> kMethods{"publickey", "password",        "keyboard-interactive",
                                                         "hostbased", "gssapi-with-mic", "none"};
      if (std::ranges::find(kMethods, name) == kMethods.end()) return shown(name) + " is not a method";
    }
  }
  return {};
}

std::string key_options(const Arguments& all) {
  for (const auto& each : all) {
    if (!is_one_of(each, {"none", "touch-required", "verify-required"})) return shown(each) + " is no such option";
  }
  return {};
}

std::string channel_timeout(const Arguments& all) {
  for (const auto& each : all) {
    if (each == "none" && all.size() == 1) continue;
    const auto equals = each.find('=');
    if (equals == 0 || equals == std::string::npos || !seconds_of(each.substr(equals + 1)))
      return shown(each) + " is not TYPE=TIME";
  }
  return {};
}

std::string subsystem(const Arguments& all) { return all.size() < 2 ? "it names no command" : ""; }

/// What a name stands for is not known here; an address of figures is.
std::string listen_address(const Arguments& all) {
  if (all.size() > 1 && (!same_word(all[1], "rdomain") || all.size() != 3)) return "it has more than one argument";
  const std::string_view text = all[0];
  if (text.starts_with('[') && text.find(']') == std::string_view::npos) return shown(text) + " is not an address";
  const bool bare = !text.starts_with('[') && std::ranges::count(text, ':') > 1;
  const auto port = bare ? std::nullopt : port_of(text);
  if (port && !is_port(*port)) return shown(*port) + " is not a port";
  const auto host = bare || text.starts_with('[') ? std::string_view() : text.substr(0, text.find(':'));
  if (host.empty() || host.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  for (const auto part : split(host, '.')) {
    const auto value = integer_of(part);
    if (!value || *value > 255) return shown(host) + " is not an address";
  }
  return {};
}

/// "USER@HOSTS": sshd ends where HOSTS is no list of addresses and names.
std::string users(const Arguments& all) {
  for (const auto& each : all) {
    if (each.empty()) return "an argument is empty";
    const auto at = each.rfind('@');
    if (at == std::string::npos) continue;
    const auto hosts = std::string_view(each).substr(at + 1);
    if (hosts.empty()) return shown(each) + " names no host";
    if (!is_address_list(hosts)) return shown(hosts) + " is not a network";
  }
  return {};
}

/// The names are judged by version.
std::string quality(const Arguments& all) { return all.size() > 2 ? "it has more than two arguments" : ""; }

}  // namespace

std::string value_fault(std::string_view name, const Arguments& arguments) {
  using Check = std::string (*)(const Arguments&);
  static const std::map<std::string_view, Check> kChecks{{"fingerprinthash", hash},
                                                         {"maxstartups", max_startups},
                                                         {"persourcemaxstartups", per_source},
                                                         {"persourcenetblocksize", net_block},
                                                         {"persourcepenalties", penalties},
                                                         {"rekeylimit", rekey_limit},
                                                         {"streamlocalbindmask", mask},
                                                         {"permitopen", permit_open},
                                                         {"permitlisten", permit_listen},
                                                         {"setenv", set_environment},
                                                         {"acceptenv", accept_environment},
                                                         {"authenticationmethods", methods},
                                                         {"pubkeyauthoptions", key_options},
                                                         {"channeltimeout", channel_timeout},
                                                         {"subsystem", subsystem},
                                                         {"listenaddress", listen_address},
                                                         {"allowusers", users},
                                                         {"denyusers", users},
                                                         {"ipqos", quality}};
  const auto found = kChecks.find(name);
  return found == kChecks.end() || arguments.empty() ? "" : found->second(arguments);
}

}  // namespace openssh
