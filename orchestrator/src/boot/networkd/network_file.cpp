// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/network_file.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace networkd {
namespace {

/// Settings of [Network] that put a device of a .netdev file on top of the interface.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kStacked{{{"VLAN", "vlan"},
                                                                                 {"MACVLAN", "macvlan"},
                                                                                 {"MACVTAP", "macvtap"},
                                                                                 {"IPVLAN", "ipvlan"},
                                                                                 {"IPVTAP", "ipvtap"},
                                                                                 {"VXLAN", "vxlan"},
                                                                                 {"MACsec", "macsec"},
                                                                                 {"Xfrm", "xfrm"}}};

/// A section that describes one thing, such as [Route]: its settings, the last of each.
using Block = std::map<std::string, std::string>;

struct Reader {
  NetworkFile& out;
  std::map<std::size_t, Block> address_blocks{};
  std::map<std::size_t, Block> route_blocks{};

  void ignore(const std::string& key, const std::string& value) { out.ignored.push_back(key + "=" + value); }

  void take_dhcp(const std::string& value) {
    const auto all = boolean_of(value);
    if (all) {
      out.dhcp4 = out.dhcp6 = *all;
    } else if (value == "ipv4" || value == "v4") {
      out.dhcp4 = true;
      out.dhcp6 = false;
    } else if (value == "ipv6" || value == "v6") {
      out.dhcp4 = false;
      out.dhcp6 = true;
    } else if (value == "both" || value == "none") {
      out.dhcp4 = out.dhcp6 = value == "both";
    } else {
      ignore("DHCP", value);
    }
  }

  void take_address(const std::string& value, const std::string& peer) {
    const auto own = prefix_of(value);
    if (!own) return ignore("Address", value);
    Address address{*own, std::nullopt};
    if (!peer.empty()) {
      address.peer = prefix_of(peer);
      if (!address.peer || address.peer->v6 != own->v6) address.peer.reset();
    }
    out.addresses.push_back(address);
  }

  void take_gateway(const std::string& value, const Block& block) {
    Route route;
    route.gateway_text = value;
    if (!value.empty() && value != "_dhcp4" && value != "_dhcp" && value != "dhcp" && value != "_ipv6ra") {
      route.gateway = address_of(value);
      if (!route.gateway) return ignore("Gateway", value);
    }
    if (const auto found = block.find("Destination"); found != block.end()) {
      route.destination = prefix_of(found->second);
      if (!route.destination) return ignore("Destination", found->second);
      if (route.destination->length == 0) route.destination.reset();
    } else if (value.empty()) {
      return;
    }
    for (const auto* key : {"GatewayOnLink", "GatewayOnlink"}) {
      if (const auto found = block.find(key); found != block.end())
        route.on_link = boolean_of(found->second).value_or(route.on_link);
    }
    out.routes.push_back(route);
  }

  void take_network(const std::string& key, const std::string& value) {
    if (key == "DHCP") return take_dhcp(value);
    if (key == "Address") return value.empty() ? out.addresses.clear() : take_address(value, "");
    if (key == "Gateway") return value.empty() ? out.routes.clear() : take_gateway(value, {});
    if (key == "IPv6AcceptRA" || key == "IPv6AcceptRouterAdvertisements") {
      if (const auto yes = boolean_of(value)) out.accept_ra = yes;
    } else if (key == "LinkLocalAddressing") {
      out.link_local6 = value == "ipv6" || value == "ipv4-fallback" || value == "fallback" ||
                        boolean_of(value).value_or(value != "ipv4" && out.link_local6);
    } else if (key == "Bond" && is_interface_name(value)) {
      out.bond = value;
    } else if (key == "Bridge" && is_interface_name(value)) {
      out.bridge = value;
    } else {
      for (const auto& [name, kind] : kStacked) {
        if (key == name && is_interface_name(value)) out.stacked.emplace_back(kind, value);
      }
    }
  }

  void take_link(const std::string& key, const std::string& value) {
    if (key == "Unmanaged") out.unmanaged = boolean_of(value).value_or(out.unmanaged);
    if (key != "ActivationPolicy") return;
    if (value == "down" || value == "always-down" || value == "manual")
      out.activation = value;
    else if (value == "up" || value == "always-up" || value == "bound" || value.empty())
      out.activation.clear();
  }

  void read(const ConfigText& config) {
    for (const auto& [section, block, key, value] : config.settings) {
      if (section == "Network")
        take_network(key, value);
      else if (section == "Link")
        take_link(key, value);
      else if (section == "Address")
        address_blocks[block][key] = value;
      else if (section == "Route")
        route_blocks[block][key] = value;
    }
    for (auto& [block, settings] : address_blocks) {
      if (!settings["Address"].empty()) take_address(settings["Address"], settings["Peer"]);
    }
    for (auto& [block, settings] : route_blocks) take_gateway(settings["Gateway"], settings);
  }
};

bool is_within_reach(const NetworkFile& file, const Prefix& gateway) {
  return std::ranges::any_of(file.addresses,
                             [&](const Address& address) {
                               return address.own.covers(gateway) || (address.peer && address.peer->covers(gateway));
                             }) ||
         std::ranges::any_of(file.routes, [&](const Route& route) {
           return route.gateway_text.empty() && route.destination && route.destination->covers(gateway);
         });
}

bool is_known_kind(std::string_view kind) {
  static constexpr std::array<std::string_view, 34> kKinds{
      "bareudp", "batadv", "bond",   "bridge",  "dummy",     "erspan",    "fou",   "geneve", "gre",
      "gretap",  "hsr",    "ifb",    "ip6gre",  "ip6gretap", "ip6tnl",    "ipip",  "ipoib",  "ipvlan",
      "ipvtap",  "l2tp",   "macsec", "macvlan", "macvtap",   "netdevsim", "nlmon", "sit",    "tap",
      "tun",     "vcan",   "veth",   "vlan",    "vrf",       "vti",       "vxlan"};
  static constexpr std::array<std::string_view, 6> kMore{"vti6", "vxcan", "wireguard", "wlan", "xfrm", "vcan"};
  return std::ranges::find(kKinds, kind) != kKinds.end() || std::ranges::find(kMore, kind) != kMore.end();
}

bool is_vlan_id(std::string_view text) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return std::stoi(std::string(text)) <= 4094;
}

/// systemd.netdev(5), [WireGuard] PrivateKey=: what begins with "@" names a credential, and without any key one of the
/// file's own name is tried (systemd 256 and later).
void read_tunnel(const ConfigText& config, NetdevFile& out) {
  out.key_file = last_value(config, "WireGuard", "PrivateKeyFile").value_or("");
  const auto key = last_value(config, "WireGuard", "PrivateKey").value_or("");
  if (out.key_file.empty() && key.starts_with('@')) {
    out.credential = key.substr(1);
  } else if (out.key_file.empty() && key.empty()) {
    const auto name = out.path.substr(out.path.rfind('/') + 1);
    out.credential = "network.wireguard.private." + name.substr(0, name.rfind(".netdev"));
  }
  for (const auto& [section, block, setting, value] : config.settings) {
    if (section == "WireGuardPeer" && setting == "PresharedKeyFile" && !value.empty())
      out.preshared_key_files.push_back(value);
  }
}

}  // namespace

std::vector<Address> NetworkFile::reachable_addresses() const {
  std::vector<Address> out;
  for (const auto& address : addresses) {
    if (address.own.is_reachable()) out.push_back(address);
  }
  return out;
}

NetworkFile network_file_of(std::string path, const ConfigText& config) {
  NetworkFile out;
  out.path = std::move(path);
  out.fault = config.fault;
  out.doubt = config.doubt;
  if (!out.fault.empty()) return out;
  out.match = match_rules_of(config);
  Reader{out}.read(config);
  return out;
}

const Route* unreachable_route(const NetworkFile& file) {
  for (const auto& route : file.routes) {
    if (!route.gateway || route.on_link) continue;
    const auto& gateway = *route.gateway;
    if (gateway.v6 ? gateway.is_link_local() || file.takes_advertisements() || file.dhcp6 : file.dhcp4) continue;
    if (!is_within_reach(file, gateway)) return &route;
  }
  return nullptr;
}

NetdevFile netdev_file_of(std::string path, const ConfigText& config) {
  NetdevFile out;
  out.path = std::move(path);
  out.fault = config.fault;
  if (!out.fault.empty()) return out;
  out.match = match_rules_of(config);
  out.name = last_value(config, "NetDev", "Name").value_or("");
  out.kind = last_value(config, "NetDev", "Kind").value_or("");
  if (!is_interface_name(out.name))
    out.fault = out.name.empty() ? "[NetDev] has no Name=" : "Name= is not an interface's name";
  else if (!is_known_kind(out.kind))
    out.fault = out.kind.empty() ? "[NetDev] has no Kind=" : "Kind= is not one that networkd knows";
  else if (out.kind == "vlan" && !is_vlan_id(last_value(config, "VLAN", "Id").value_or("")))
    out.fault = "[VLAN] has no Id= from 0 to 4094";
  if (out.kind == "wireguard" && out.fault.empty()) read_tunnel(config, out);
  return out;
}

}  // namespace networkd
