// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/ip_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "networkd/config_text.hpp"
#include "networkd/ip_prefix.hpp"

namespace detect {
namespace {

using nlohmann::json;

constexpr std::size_t kMostItems = 20000;  // a host of many containers has a few thousand interfaces

/// Whether brackets are nested deeper than ip ever does: each level costs memory.
bool is_too_deep(std::string_view text) {
  constexpr int kDeepest = 32;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\')
      ++at;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{') && ++depth > kDeepest)
      return true;
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

/// The elements of the array that `ip` prints; none, with a fault, if it is no such array.
std::vector<json> items_of(const std::string& text, const char* what, std::vector<std::string>& faults) {
  if (base::trim(text).empty()) return {};  // ip prints nothing where there is nothing
  auto whole = is_too_deep(text) ? json() : json::parse(text, nullptr, false);
  if (!whole.is_array()) {
    faults.push_back(fmt::format("{}: the output of ip is not a JSON array", what));
    return {};
  }
  if (whole.size() > kMostItems) {
    faults.push_back(fmt::format("{}: ip prints more than {} items; the rest is ignored", what, kMostItems));
    whole.erase(whole.begin() + static_cast<std::ptrdiff_t>(kMostItems), whole.end());
  }
  std::vector<json> out;
  for (auto& item : whole) {
    // ip prints {} for what it has filtered out.
    if (item.is_object()) out.push_back(std::move(item));
  }
  return out;
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<std::uint32_t> number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  if (value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

json object_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : json::object();
}

bool has_flag(const json& object, std::string_view flag) {
  const auto found = object.find("flags");
  return found != object.end() && found->is_array() &&
         std::ranges::any_of(*found, [&](const json& each) { return each.is_string() && each == flag; });
}

/// A name that the kernel can have given; anything else is a fault, said once for each caller.
bool is_name(const std::string& name, const char* what, bool& said, std::vector<std::string>& faults) {
  if (networkd::is_interface_name(name)) return true;
  if (!said)
    faults.push_back(
        fmt::format("{}: \"{}\" is not a valid interface name; it is ignored", what, base::printable(name)));
  said = true;
  return false;
}

/// One of the kernel's words for a bond's settings, which go into files.
std::string word_at(const json& object, const char* key) {
  auto word = text_at(object, key);
  const bool plain = word.size() <= 20 && std::ranges::all_of(word, [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '.' || c == '+' || c == '-';
                     });
  return plain ? word : "";
}

LinkKind kind_of(const std::string& kind, const std::string& link_type) {
  if (kind == "vlan") return LinkKind::vlan;
  if (kind == "bond") return LinkKind::bond;
  if (kind == "bridge") return LinkKind::bridge;
  if (kind == "team") return LinkKind::team;
  return kind.empty() && link_type == "ether" ? LinkKind::nic : LinkKind::other;
}

void read_link_info(const json& item, Link& link) {
  const auto info = object_at(item, "linkinfo");
  link.kind_name = base::printable(text_at(info, "info_kind"), 20);
  link.kind = kind_of(link.kind_name, text_at(item, "link_type"));
  const auto data = object_at(info, "info_data");
  if (link.kind == LinkKind::vlan) {
    const auto id = number_at(data, "id").value_or(0);
    link.vlan_id = id <= 4094 ? static_cast<int>(id) : 0;
    link.vlan_protocol = word_at(data, "protocol");
    const auto below = text_at(item, "link");
    if (networkd::is_interface_name(below)) link.lower.push_back(below);
  }
  if (link.kind == LinkKind::bond) {
    link.bond_mode = word_at(data, "mode");
    if (const auto primary = text_at(data, "primary"); networkd::is_interface_name(primary))
      link.bond_primary = primary;
    link.lacp_rate = word_at(data, "ad_lacp_rate");
    link.hash_policy = word_at(data, "xmit_hash_policy");
    link.fail_over_mac = word_at(data, "fail_over_mac");
    link.mii_ms = number_at(data, "miimon").value_or(0);
  }
}

/// An address of the family that `v6` says, in its shortest form; "" for anything else.
std::string address_at(const json& object, const char* key, std::optional<bool> v6) {
  const auto address = networkd::address_of(text_at(object, key));
  return address && (!v6 || address->v6 == *v6) ? networkd::address_text(*address) : "";
}

/// A next hop: what `route` says, and the route itself where it has only one.
bool read_hop(const json& hop, DefaultRoute& route) {
  const auto device = text_at(hop, "dev");
  if (!networkd::is_interface_name(device) || device == "lo") return false;
  route.device = device;
  route.gateway = address_at(hop, "gateway", route.v6);
  const auto via = object_at(hop, "via");
  if (route.gateway.empty() && !via.empty()) route.gateway = address_at(via, "host", std::nullopt);
  const bool named = hop.contains("gateway") || hop.contains("via");
  route.on_link = has_flag(hop, "onlink");
  return !named || !route.gateway.empty();
}

}  // namespace

std::string mac_of(std::string_view text) {
  std::string mac(text.substr(0, 18));
  std::ranges::transform(mac, mac.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (mac.size() != 17 || mac == "00:00:00:00:00:00") return "";
  for (std::size_t at = 0; at < mac.size(); ++at) {
    const auto c = static_cast<unsigned char>(mac[at]);
    if (at % 3 == 2 ? c != ':' : std::isxdigit(c) == 0) return "";
  }
  // An odd first octet is a group's (IEEE 802).
  return std::string_view("02468ace").find(mac[1]) == std::string_view::npos ? "" : mac;
}

std::vector<KernelLink> links_of_json(const std::string& text, std::vector<std::string>& faults) {
  constexpr auto kWhat = "network interfaces";
  std::vector<KernelLink> out;
  std::set<std::string> seen;
  bool said = false;
  for (const auto& item : items_of(text, kWhat, faults)) {
    const auto name = text_at(item, "ifname");
    if (item.empty() || !is_name(name, kWhat, said, faults)) continue;
    if (!seen.insert(name).second) {
      faults.push_back(fmt::format("{}: ip names {} twice; the first one counts", kWhat, name));
      continue;
    }
    KernelLink link;
    link.link.name = name;
    link.link.mac = mac_of(text_at(item, "address"));
    link.link.permanent_mac = mac_of(text_at(item, "permaddr"));
    link.link.mtu = number_at(item, "mtu").value_or(0);
    link.index = number_at(item, "ifindex").value_or(0);
    if (const auto master = text_at(item, "master"); networkd::is_interface_name(master)) link.master = master;
    read_link_info(item, link.link);
    out.push_back(std::move(link));
  }
  return out;
}

std::vector<DeviceAddress> addresses_of_json(const std::string& text, std::vector<std::string>& faults) {
  constexpr auto kWhat = "addresses";
  std::vector<DeviceAddress> out;
  bool said = false;
  bool odd = false;
  for (const auto& item : items_of(text, kWhat, faults)) {
    const auto device = text_at(item, "ifname");
    const auto list = item.find("addr_info");
    if (list == item.end() || !list->is_array() || !is_name(device, kWhat, said, faults)) continue;
    for (const auto& each : *list) {
      if (!each.is_object() || text_at(each, "scope") != "global" || flag_at(each, "dadfailed")) continue;
      IpAddress address;
      address.v6 = text_at(each, "family") == "inet6";
      address.text = address_at(each, "local", address.v6);
      const auto length = number_at(each, "prefixlen");
      if (address.text.empty() || !length || *length == 0 || *length > (address.v6 ? 128U : 32U)) {
        odd = true;
        continue;
      }
      address.length = *length;
      address.dynamic = flag_at(each, "dynamic") || flag_at(each, "mngtmpaddr");
      address.temporary = flag_at(each, "temporary");
      address.peer = address_at(each, "address", address.v6);
      out.push_back({device, address});
      if (out.size() >= kMostItems) return out;
    }
  }
  if (odd) faults.push_back(fmt::format("{}: ip prints one that is not valid; it is ignored", kWhat));
  return out;
}

std::vector<DefaultRoute> routes_of_json(const std::string& text, bool v6, std::vector<std::string>& faults) {
  const auto* const what = v6 ? "IPv6 default routes" : "IPv4 default routes";
  std::vector<DefaultRoute> out;
  bool odd = false;
  for (const auto& item : items_of(text, what, faults)) {
    const auto type = text_at(item, "type");
    if (text_at(item, "dst") != "default" || (!type.empty() && type != "unicast")) continue;
    DefaultRoute route;
    route.v6 = v6;
    route.protocol = word_at(item, "protocol");
    route.metric = number_at(item, "metric").value_or(0);
    const auto hops = item.find("nexthops");
    if (hops == item.end() || !hops->is_array()) {
      if (read_hop(item, route))
        out.push_back(route);
      else
        odd = odd || text_at(item, "dev") != "lo";
      continue;
    }
    for (const auto& hop : *hops) {
      if (hop.is_object() && read_hop(hop, route))
        out.push_back(route);
      else
        odd = true;
      if (out.size() >= kMostItems) break;
    }
  }
  if (odd) faults.push_back(fmt::format("{}: ip prints one without a valid interface or gateway; it is ignored", what));
  std::ranges::stable_sort(out, {}, &DefaultRoute::metric);
  return out;
}

std::optional<DefaultRoute> route_of_json(const std::string& text, std::vector<std::string>& faults) {
  const auto items = items_of(text, "route to the client", faults);
  if (items.empty()) return std::nullopt;
  DefaultRoute route;
  const auto& item = items.front();
  route.device = text_at(item, "dev");
  if (!networkd::is_interface_name(route.device)) {
    faults.emplace_back("route to the client: ip prints no valid interface");
    return std::nullopt;
  }
  const auto gateway = object_at(item, "via");
  route.gateway = address_at(item, "gateway", std::nullopt);
  if (route.gateway.empty()) route.gateway = address_at(gateway, "host", std::nullopt);
  route.v6 = text_at(item, "dst").find(':') != std::string::npos;
  return route;
}

}  // namespace detect
