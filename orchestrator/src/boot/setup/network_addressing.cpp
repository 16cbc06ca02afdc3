// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/network_addressing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "networkd/ip_prefix.hpp"

namespace setup {
namespace {

using detect::IpAddress;

constexpr std::size_t kMostAddresses = 64;
constexpr std::size_t kMostServers = 3;
constexpr std::uint32_t kUsualMtu = 1500;      // of Ethernet, bytes
constexpr std::uint32_t kSmallestMtu = 576;    // that every IPv4 host takes (RFC 791)
constexpr std::uint32_t kSmallestMtu6 = 1280;  // RFC 8200
constexpr std::uint32_t kLargestMtu = 65535;

/// The address as it may go into a file; nothing if it is none at which others reach the machine.
std::optional<IpAddress> checked(const IpAddress& address) {
  const auto own = networkd::address_of(address.text);
  if (!own || !own->is_reachable() || address.length == 0 || address.length > own->longest()) return std::nullopt;
  auto out = address;
  out.v6 = own->v6;
  out.text = networkd::address_text(*own);
  if (const auto peer = networkd::address_of(address.peer); peer && peer->v6 == own->v6)
    out.peer = networkd::address_text(*peer);
  else
    out.peer.clear();
  return out;
}

bool covers(const IpAddress& address, const networkd::Prefix& gateway) {
  // Of a pair the length is that of the peer's network.
  const auto network =
      networkd::prefix_of(fmt::format("{}/{}", address.peer.empty() ? address.text : address.peer, address.length));
  return network && network->covers(gateway);
}

/// Whether networkd has to be told that the gateway is on the link.
bool needs_on_link(const std::string& text, bool v6, const std::vector<IpAddress>& addresses) {
  const auto gateway = networkd::address_of(text);
  if (!gateway) return false;
  if (gateway->v6 != v6) return true;
  if (gateway->v6 && gateway->is_link_local()) return false;
  return std::ranges::none_of(addresses, [&](const IpAddress& each) { return covers(each, *gateway); });
}

bool has_route_by(const detect::Network& network, bool v6, std::string_view protocol) {
  return std::ranges::any_of(network.routes,
                             [&](const auto& each) { return each.v6 == v6 && each.protocol == protocol; });
}

/// Not of a lease or an advertisement, which come again by themselves.
bool is_own_route(const detect::DefaultRoute& route, bool v6) {
  return route.v6 == v6 && route.protocol != "dhcp" && route.protocol != "ra" &&
         (route.gateway.empty() || networkd::address_of(route.gateway));
}

void add_route(const detect::Network& network, bool v6, Addressing& out) {
  const auto* const family = v6 ? "IPv6" : "IPv4";
  PlannedRoute route{v6, "", false};
  const auto found = std::ranges::find_if(network.routes, [&](const auto& each) { return is_own_route(each, v6); });
  const auto client = networkd::address_of(network.client);
  if (found != network.routes.end()) {
    if (!found->gateway.empty()) route.gateway = networkd::address_text(*networkd::address_of(found->gateway));
    route.on_link = !route.gateway.empty() && (found->on_link || needs_on_link(route.gateway, v6, out.fixed));
  } else if (has_route_by(network, v6, v6 ? "ra" : "dhcp")) {
    return;
  } else if (const auto gateway = networkd::address_of(network.client_gateway);
             network.by_session && client && client->v6 == v6 && gateway) {
    route.gateway = networkd::address_text(*gateway);
    route.on_link = needs_on_link(route.gateway, v6, out.fixed);
    out.notes.push_back(
        fmt::format("{} has no {} default route: in the initramfs the gateway to this session's client, "
                    "{}, is the default",
                    network.device, family, route.gateway));
  } else {
    out.notes.push_back(
        fmt::format("{} has no {} default route: the initramfs answers {} clients on its own network only",
                    network.device, family, family));
    return;
  }
  out.routes.push_back(route);
}

void add_mtu(const detect::Link& top, Addressing& out) {
  if (top.mtu == 0 || top.mtu == kUsualMtu) return;
  // A lease's network works with less than it could carry, and not with more.
  if (out.fixed.empty() && top.mtu > kUsualMtu) return;
  const bool v6 = out.advertisements || out.dhcp6 || out.has_fixed(true);
  if (top.mtu < (v6 ? kSmallestMtu6 : kSmallestMtu) || top.mtu > kLargestMtu) {
    out.notes.push_back(fmt::format("the MTU of {}, {} bytes, is out of range: it is left out", top.name, top.mtu));
    return;
  }
  out.mtu = top.mtu;
}

}  // namespace

bool Addressing::has_fixed(bool v6) const {
  return std::ranges::any_of(fixed, [&](const IpAddress& each) { return each.v6 == v6; });
}

Addressing addressing_of(const detect::Network& network, const Layout& layout) {
  Addressing out;
  for (const auto& each : network.addresses) {
    const auto address = checked(each);
    if (!address || address->temporary) continue;
    if (!address->dynamic) {
      const bool there =
          std::ranges::any_of(out.fixed, [&](const IpAddress& other) { return other.text == address->text; });
      if (!there && out.fixed.size() < kMostAddresses) out.fixed.push_back(*address);
    } else if (!address->v6) {
      out.dhcp4 = true;
    } else if (address->length == 128) {
      out.dhcp6 = out.advertisements = true;
    } else {
      out.advertisements = true;
    }
  }
  out.advertisements = out.advertisements || has_route_by(network, true, "ra");
  for (const bool v6 : {false, true}) {
    if (out.has_fixed(v6)) add_route(network, v6, out);
  }
  if (out.fixed.empty() && !out.dhcp4 && !out.advertisements) {
    out.problem = fmt::format("{} has no address at which others reach this machine", network.device);
    out.remedy = "give it one, and run setup again";
  }
  if (!out.fixed.empty()) {
    for (const auto& each : network.dns) {
      const auto server = networkd::address_of(each);
      if (server && server->is_reachable() && out.dns.size() < kMostServers)
        out.dns.push_back(networkd::address_text(*server));
    }
  }
  for (const bool v6 : {false, true}) {
    const auto count = std::ranges::count(out.fixed, v6, &IpAddress::v6);
    if (count > 1)
      out.notes.push_back(fmt::format(
          "the initramfs takes all {} fixed {} addresses of {}; if one of them moves between machines, delete its line",
          count, v6 ? "IPv6" : "IPv4", network.device));
  }
  add_mtu(layout.top(), out);
  return out;
}

std::string addressing_text(const Addressing& addressing) {
  std::vector<std::string> parts;
  if (addressing.dhcp4) parts.emplace_back("DHCP");
  if (addressing.dhcp6 && !addressing.dhcp4) parts.emplace_back("DHCPv6");
  if (addressing.advertisements && !addressing.dhcp6) parts.emplace_back("router advertisements");
  for (const bool v6 : {false, true}) {
    std::vector<std::string> addresses;
    for (const auto& each : addressing.fixed) {
      if (each.v6 != v6) continue;
      addresses.push_back(each.peer.empty() ? fmt::format("{}/{}", each.text, each.length)
                                            : fmt::format("{} to {}/{}", each.text, each.peer, each.length));
    }
    if (addresses.empty()) continue;
    auto text = base::join(addresses, ", ");
    for (const auto& route : addressing.routes) {
      if (route.v6 == v6) text += route.gateway.empty() ? " without a gateway" : " via " + route.gateway;
    }
    parts.push_back(text);
  }
  return base::join(parts, ", ");
}

}  // namespace setup
