// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/network_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "detect/ip_json.hpp"
#include "networkd/config_text.hpp"

namespace setup {
namespace {

using detect::Link;
using detect::LinkKind;

constexpr std::size_t kMostVlans = 2;   // QinQ
constexpr std::size_t kMostPorts = 32;  // of a bond

/// A name that means itself in every file and on the kernel's command line: no pattern, no quote, no separator.
bool is_plain_name(std::string_view name) {
  return networkd::is_interface_name(name) && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name,
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
}

constexpr auto kByHand =
    "say in /etc/dracut-sshd/network/ how the initramfs reaches its network; see \"NETWORK\" in "
    "dracut-sshd(7)";

class Builder {
 public:
  Builder(const detect::Network& network, Layout& out) : network_(network), out_(out) {}

  bool add(const std::string& name, std::size_t depth = 0) {
    const auto* const link = find(name);
    if (link == nullptr) return fail(fmt::format("the interface {} is not known", base::printable(name)));
    if (depth > kMostVlans + 3) return fail(fmt::format("{} is made of too many devices", base::printable(name)));
    if (!is_plain_name(name))
      return fail(
          fmt::format("the name of the interface \"{}\" has other characters than letters, digits, \".\", \"_\", "
                      "\"-\"",
                      base::printable(name)));
    switch (link->kind) {
      case LinkKind::nic:
        return add_nic(*link);
      case LinkKind::bridge:
        return add_bridge(*link, depth);
      case LinkKind::vlan:
        return add_vlan(*link, depth);
      case LinkKind::bond:
        return add_bond(*link);
      case LinkKind::team:
        return fail(fmt::format("{} is a team, which neither systemd-networkd nor dracut can make", name),
                    "describe a bond, or one of the team's ports, in /etc/dracut-sshd/network/");
      case LinkKind::other:
        break;
    }
    const auto kind = link->kind_name.empty() ? "no hardware" : base::printable(link->kind_name, 20);
    return fail(fmt::format("{} ({}) is no network interface, bridge, bond or VLAN of this machine", name, kind));
  }

 private:
  [[nodiscard]] const Link* find(const std::string& name) const {
    const auto found = std::ranges::find(network_.chain, name, &Link::name);
    return found == network_.chain.end() ? nullptr : &*found;
  }

  bool fail(std::string problem, std::string remedy = kByHand) {
    out_.problem = std::move(problem);
    out_.remedy = std::move(remedy);
    return false;
  }

  static Link checked(Link link) {
    link.permanent_mac = detect::mac_of(link.permanent_mac);
    link.mac = detect::mac_of(link.mac);
    const bool plain =
        link.path.size() <= 200 && std::ranges::all_of(link.path, [](unsigned char c) {
          return std::isalnum(c) != 0 || std::string_view(".:_-").find(static_cast<char>(c)) != std::string_view::npos;
        });
    if (!plain) link.path.clear();
    const bool known_driver =
        std::ranges::all_of(link.driver, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
    if (!known_driver) link.driver.clear();
    return link;
  }

  bool add_nic(const Link& link) {
    if (link.wireless)
      return fail(fmt::format("{} is wireless, which the initramfs does not bring up", link.name),
                  "connect a cable, or unlock at the console");
    out_.nics.push_back(checked(link));
    return true;
  }

  /// Virtual machines are behind ports that come later.
  bool add_bridge(const Link& link, std::size_t depth) {
    std::vector<std::string> ports;
    for (const auto& name : link.lower) {
      const auto* const port = find(name);
      if (port == nullptr) continue;
      if (port->kind == LinkKind::nic || port->kind == LinkKind::bond || port->kind == LinkKind::vlan)
        ports.push_back(name);
    }
    if (ports.size() != 1)
      return fail(fmt::format("of the ports of the bridge {} {} lead to a network; expected one", link.name,
                              ports.empty() ? "none" : base::printable(base::join(ports, ", "))));
    if (out_.bridge.empty()) {
      out_.bridge = link.name;
      out_.bridge_mac = detect::mac_of(link.mac);
    }
    return add(ports[0], depth + 1);
  }

  bool add_vlan(const Link& link, std::size_t depth) {
    if (link.vlan_id < 1 || link.vlan_id > 4094)
      return fail(fmt::format("the number of the VLAN {} is not known", link.name));
    if (!link.vlan_protocol.empty() && link.vlan_protocol != "802.1Q" && link.vlan_protocol != "802.1ad")
      return fail(fmt::format("{} is a VLAN of another kind than 802.1Q", link.name));
    if (link.lower.size() != 1) return fail(fmt::format("what the VLAN {} is on is not known", link.name));
    if (out_.vlans.size() >= kMostVlans) return fail(fmt::format("there are too many VLANs below {}", link.name));
    if (!add(link.lower[0], depth + 1)) return false;
    out_.vlans.push_back(checked(link));
    return true;
  }

  bool add_bond(const Link& link) {
    static constexpr std::array<std::string_view, 7> kModes{"balance-rr", "active-backup", "balance-xor", "broadcast",
                                                            "802.3ad",    "balance-tlb",   "balance-alb"};
    if (std::ranges::find(kModes, link.bond_mode) == kModes.end())
      return fail(fmt::format("the mode of the bond {} is not known", link.name));
    if (link.lower.empty() || link.lower.size() > kMostPorts)
      return fail(fmt::format("the bond {} has {} ports", link.name, link.lower.empty() ? "no" : "too many"));
    std::set<std::string> seen;
    for (const auto& name : link.lower) {
      const auto* const port = find(name);
      if (port == nullptr || port->kind != LinkKind::nic || !is_plain_name(name) || !seen.insert(name).second)
        return fail(fmt::format("{}, a port of the bond {}, is no network interface of the machine",
                                base::printable(name), link.name));
      if (!add_nic(*port)) return false;
    }
    out_.bonds.push_back(checked(link));
    return true;
  }

  const detect::Network& network_;
  Layout& out_;
};

}  // namespace

Layout layout_of(const detect::Network& network) {
  Layout out;
  if (network.device.empty() || network.chain.empty()) {
    out.problem = "no network interface leads to the client, and there is no default route";
    out.remedy = kByHand;
    return out;
  }
  if (!Builder(network, out).add(network.device) && out.problem.empty()) out.problem = "the interface is not known";
  return out;
}

std::string layout_text(const Layout& layout) {
  std::string out;
  for (auto vlan = layout.vlans.rbegin(); vlan != layout.vlans.rend(); ++vlan)
    out += fmt::format("VLAN {} on ", vlan->vlan_id);
  std::vector<std::string> names;
  for (const auto& nic : layout.nics) names.push_back(nic.name);
  if (layout.bonds.empty())
    out += base::join(names, ", ");
  else
    out += fmt::format("{} ({})", layout.bonds[0].name, base::join(names, ", "));
  if (!layout.bridge.empty()) out += fmt::format(" (without the bridge {})", layout.bridge);
  return out;
}

}  // namespace setup
