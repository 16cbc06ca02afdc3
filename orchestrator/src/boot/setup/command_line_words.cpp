// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/command_line_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace setup {
namespace {

std::string mtu_field(const Addressing& addressing) {
  return addressing.mtu != 0 ? fmt::format(":{}", addressing.mtu) : "";
}

/// ip=CLIENT:PEER:GATEWAY:LENGTH:HOST:INTERFACE:none:MTU
std::optional<std::string> ip_word(const detect::IpAddress& address, const Addressing& addressing,
                                   const std::string& device) {
  const auto bracketed = [](const std::string& text) {
    return text.find(':') == std::string::npos ? text : "[" + text + "]";
  };
  const auto route = std::ranges::find(addressing.routes, address.v6, &PlannedRoute::v6);
  std::string gateway;
  std::string peer;
  if (route != addressing.routes.end()) {
    gateway = route->gateway;
    if (gateway.empty() || (gateway.find(':') != std::string::npos) != address.v6) return std::nullopt;
    // dracut's scripts set the route only where the gateway is a peer.
    if (!address.v6 && (route->on_link || !address.peer.empty())) peer = gateway;
  }
  return fmt::format("ip={}:{}:{}:{}::{}:none{}", bracketed(address.text), peer, bracketed(gateway), address.length,
                     device, mtu_field(addressing));
}

}  // namespace

std::optional<std::string> command_line_words(const Layout& layout, const Addressing& addressing) {
  std::vector<std::string> out;
  std::vector<std::string> ports;
  for (const auto& nic : layout.nics) ports.push_back(nic.name);
  for (const auto& bond : layout.bonds)
    out.push_back(fmt::format("bond={}:{}:mode={}", bond.name, base::join(ports, ","), bond.bond_mode));
  auto lower = layout.bonds.empty() ? layout.nics.front().name : layout.bonds.front().name;
  for (const auto& vlan : layout.vlans) {
    out.push_back(fmt::format("vlan={}:{}", vlan.name, lower));
    lower = vlan.name;
  }
  const auto& device = layout.top().name;
  for (const auto& address : addressing.fixed) {
    const auto word = ip_word(address, addressing, device);
    if (!word) return std::nullopt;
    out.push_back(*word);
  }
  if (addressing.dhcp4) out.push_back(fmt::format("ip={}:dhcp{}", device, mtu_field(addressing)));
  if (!addressing.dhcp4 && addressing.fixed.empty())
    out.push_back(fmt::format("ip={}:{}{}", device, addressing.dhcp6 ? "dhcp6" : "auto6", mtu_field(addressing)));
  out.emplace_back("rd.neednet=1");
  return base::join(out, " ");
}

}  // namespace setup
