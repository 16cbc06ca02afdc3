// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/networkd_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace setup {
namespace {

using detect::Link;

// Since which release networkd knows a setting (systemd.network(5), "Added in version", and systemd's NEWS). What it
// does not know it ignores.
constexpr unsigned kGatewayOnLink = 242;  // spelt GatewayOnlink before
constexpr unsigned kDhcpSections = 243;   // [DHCPv4], KeepConfiguration=, SendRelease=
constexpr unsigned kPermanentMac = 245;   // [Match] PermanentMACAddress=, Kind=, and Type=ether
constexpr unsigned kVlanProtocol = 248;

class Files {
 public:
  explicit Files(const FilesRequest& request) : request_(request), layout_(request.layout) {}

  FilesResult make() {
    for (const auto& bond : layout_.bonds) add_bond(bond);
    for (std::size_t at = 0; at < layout_.vlans.size(); ++at) add_vlan(at);
    add_top();
    std::ranges::sort(out_.files, {}, &PlannedFile::path);
    const auto twice = std::ranges::adjacent_find(out_.files, {}, &PlannedFile::path);
    if (twice != out_.files.end() && out_.problem.empty()) {
      out_.problem = fmt::format("two of the devices would need the file {}", twice->path);
      out_.remedy = "rename one of them, or write the files by hand";
    }
    if (!out_.problem.empty()) out_.files.clear();
    return out_;
  }

 private:
  [[nodiscard]] bool knows(unsigned since) const {
    return request_.systemd_version == 0 || request_.systemd_version >= since;
  }

  void fail(std::string problem, std::string remedy) {
    if (!out_.problem.empty()) return;
    out_.problem = std::move(problem);
    out_.remedy = std::move(remedy);
  }

  void add_file(const std::string& name, const std::string& text, const std::string& purpose) {
    out_.files.push_back({kNetworkFolder + name, files_comment(request_) + text, 0644, purpose, false});
  }

  /// [Match] of hardware. Its permanent address stays when a bond or a bridge takes the interface in.
  std::string match_of(const std::vector<Link>& nics) {
    std::vector<std::string> macs;
    std::vector<std::string> paths;
    std::vector<std::string> drivers;
    bool shared = false;
    for (const auto& nic : nics) {
      if (!nic.permanent_mac.empty()) macs.push_back(nic.permanent_mac);
      if (!nic.path.empty()) paths.push_back(nic.path);
      shared = shared || nic.shared_mac;
      if (!nic.driver.empty() && std::ranges::find(drivers, nic.driver) == drivers.end()) drivers.push_back(nic.driver);
    }
    std::string out = "[Match]\n";
    if (macs.size() == nics.size()) {
      out += fmt::format("{}={}\n", knows(kPermanentMac) ? "PermanentMACAddress" : "MACAddress", base::join(macs, " "));
      // A VLAN or a bond has the address of what is below it, and no place of its own.
      if (!knows(kPermanentMac) && !layout_.is_plain()) out += "Path=*\n";
      if (shared && !drivers.empty()) out += fmt::format("Driver={}\n", base::join(drivers, " "));
      return out;
    }
    if (paths.size() == nics.size()) return out + fmt::format("Path={}\n", base::join(paths, " "));
    if (request_.nics == 1 && nics.size() == 1 && knows(kPermanentMac)) return out + "Type=ether\nKind=!*\n";
    fail(
        fmt::format("neither the permanent hardware address nor the place of {} is known, by which the initramfs could "
                    "tell it from others",
                    nics.front().name),
        "write a file with Name= in [Match]; see \"NETWORK\" in dracut-sshd(7)");
    return out;
  }

  [[nodiscard]] std::string name_match(const Link& link) const { return fmt::format("[Match]\nName={}\n", link.name); }

  /// The real system gets the interface without the initramfs's addresses.
  [[nodiscard]] std::string keep_line() const { return knows(kDhcpSections) ? "KeepConfiguration=no\n" : ""; }

  [[nodiscard]] std::string lower_lines() const { return "LinkLocalAddressing=no\nIPv6AcceptRA=no\n" + keep_line(); }

  void add_bond(const Link& bond) {
    std::string text = fmt::format("[NetDev]\nName={}\nKind=bond\n", bond.name);
    // Else it takes that of the port that comes first, and with it another lease.
    if (!bond.mac.empty() && bond.fail_over_mac != "active" && bond.fail_over_mac != "follow")
      text += fmt::format("MACAddress={}\n", bond.mac);
    text += fmt::format("\n[Bond]\nMode={}\nMIIMonitorSec={}ms\n", bond.bond_mode,
                        bond.mii_ms >= 10 && bond.mii_ms <= 10000 ? bond.mii_ms : 100);
    if (bond.bond_mode == "802.3ad" && (bond.lacp_rate == "fast" || bond.lacp_rate == "slow"))
      text += fmt::format("LACPTransmitRate={}\n", bond.lacp_rate);
    static constexpr std::array<std::string_view, 5> kPolicies{"layer2", "layer3+4", "layer2+3", "encap2+3",
                                                               "encap3+4"};
    const bool hashes =
        bond.bond_mode == "802.3ad" || bond.bond_mode == "balance-xor" || bond.bond_mode == "balance-tlb";
    if (hashes && std::ranges::find(kPolicies, bond.hash_policy) != kPolicies.end())
      text += fmt::format("TransmitHashPolicy={}\n", bond.hash_policy);
    if (bond.fail_over_mac == "active" || bond.fail_over_mac == "follow")
      text += fmt::format("FailOverMACPolicy={}\n", bond.fail_over_mac);
    add_file(fmt::format("10-setup-{}.netdev", bond.name), text, fmt::format("the bond {}", bond.name));
    add_ports(bond);
    if (!layout_.vlans.empty()) add_lower(bond, name_match(bond), layout_.vlans.front().name);
  }

  void add_ports(const Link& bond) {
    std::vector<Link> primary;
    std::vector<Link> others;
    for (const auto& nic : layout_.nics) (nic.name == bond.bond_primary ? primary : others).push_back(nic);
    const auto network = fmt::format("\n[Network]\nBond={}\n", bond.name);
    if (!primary.empty())
      add_file("10-setup-primary.network", match_of(primary) + network + "PrimarySlave=yes\n" + keep_line(),
               fmt::format("the primary port of {}", bond.name));
    if (!others.empty())
      add_file("10-setup-ports.network", match_of(others) + network + keep_line(),
               fmt::format("the ports of {}", bond.name));
  }

  /// What a VLAN is on.
  void add_lower(const Link& link, const std::string& match, const std::string& vlan) {
    auto text = match;
    // A VLAN carries no more than what is below it.
    if (link.mtu > 1500 && link.mtu <= 65535) text += fmt::format("\n[Link]\nMTUBytes={}\n", link.mtu);
    text += fmt::format("\n[Network]\nVLAN={}\n", vlan) + lower_lines();
    add_file(fmt::format("10-setup-{}.network", link.name), text, fmt::format("what {} is on", vlan));
  }

  void add_vlan(std::size_t at) {
    const auto& vlan = layout_.vlans[at];
    auto text = fmt::format("[NetDev]\nName={}\nKind=vlan\n\n[VLAN]\nId={}\n", vlan.name, vlan.vlan_id);
    if (vlan.vlan_protocol == "802.1ad") {
      if (!knows(kVlanProtocol))
        fail(fmt::format("{} is a VLAN of IEEE 802.1ad, which systemd {} cannot make", vlan.name,
                         request_.systemd_version),
             "systemd 248 and later can");
      text += "Protocol=802.1ad\n";
    }
    add_file(fmt::format("10-setup-{}.netdev", vlan.name), text, fmt::format("the VLAN {}", vlan.name));
    if (at == 0 && layout_.bonds.empty()) {
      const auto& nic = layout_.nics.front();
      add_lower(nic, match_of({nic}), vlan.name);
    } else if (at > 0) {
      add_lower(layout_.vlans[at - 1], name_match(layout_.vlans[at - 1]), vlan.name);
    }
  }

  void add_top() {
    const auto& top = layout_.top();
    const auto& addressing = request_.addressing;
    auto text = layout_.bonds.empty() && layout_.vlans.empty() ? match_of(layout_.nics) : name_match(top);
    if (addressing.mtu != 0) text += fmt::format("\n[Link]\nMTUBytes={}\n", addressing.mtu);
    text += "\n[Network]\n";
    const bool dhcp6 = addressing.dhcp6 || (addressing.dhcp4 && addressing.advertisements);
    if (addressing.dhcp4 || dhcp6)
      text += fmt::format("DHCP={}\n", !dhcp6 ? "ipv4" : !addressing.dhcp4 ? "ipv6" : "yes");
    text += fmt::format("IPv6AcceptRA={}\n", addressing.advertisements ? "yes" : "no");
    text += keep_line();
    for (const auto& each : addressing.fixed) {
      if (each.peer.empty()) text += fmt::format("Address={}/{}\n", each.text, each.length);
    }
    for (const auto& server : addressing.dns) text += fmt::format("DNS={}\n", server);
    for (const auto& each : addressing.fixed) {
      if (!each.peer.empty())
        text += fmt::format("\n[Address]\nAddress={}/{}\nPeer={}/{}\n", each.text, each.length, each.peer, each.length);
    }
    for (const auto& route : addressing.routes) text += route_section(route);
    text += dhcp_sections();
    add_file("10-setup.network", text, fmt::format("the addresses of {}", top.name));
  }

  [[nodiscard]] std::string route_section(const PlannedRoute& route) const {
    std::string out = "\n[Route]\n";
    const bool other_family = !route.v6 && route.gateway.find(':') != std::string::npos;
    if (route.gateway.empty() || other_family) out += fmt::format("Destination={}\n", route.v6 ? "::/0" : "0.0.0.0/0");
    if (route.gateway.empty()) return out + (route.v6 ? "" : "Scope=link\n");
    out += fmt::format("Gateway={}\n", route.gateway);
    // Without it networkd leaves the route out.
    if (route.on_link) out += fmt::format("{}=yes\n", knows(kGatewayOnLink) ? "GatewayOnLink" : "GatewayOnlink");
    return out;
  }

  /// Types of RFC 8415 that networkd has words for.
  [[nodiscard]] static std::string duid_lines(const std::string& duid) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{
        {{"0001", "link-layer-time"}, {"0002", "vendor"}, {"0003", "link-layer"}, {"0004", "uuid"}}};
    for (const auto& [type, word] : kTypes) {
      if (!duid.starts_with(type)) continue;
      std::vector<std::string> octets;
      for (std::size_t at = 4; at + 1 < duid.size(); at += 2) octets.push_back(duid.substr(at, 2));
      return fmt::format("DUIDType={}\nDUIDRawData={}\n", word, base::join(octets, ":"));
    }
    return "";
  }

  [[nodiscard]] std::string dhcp_sections() const {
    const auto& addressing = request_.addressing;
    const auto& id = request_.client_id;
    std::string out;
    if (addressing.dhcp4) {
      out += knows(kDhcpSections) ? "\n[DHCPv4]\n" : "\n[DHCP]\n";
      out += fmt::format("ClientIdentifier={}\n", id.kind);
      if (id.kind != "mac") {
        out += duid_lines(id.duid);
        if (id.iaid) out += fmt::format("IAID={}\n", *id.iaid);
      }
      // The real system asks for the same lease.
      if (knows(kDhcpSections)) out += "SendRelease=no\n";
    }
    return out;
  }

  const FilesRequest& request_;
  const Layout& layout_;
  FilesResult out_{};
};

}  // namespace

std::string files_comment(const FilesRequest& request) {
  return fmt::format(
      "# Made by `dracut-sshd setup`, for the initramfs only, from the state of the running system:\n"
      "# {}.\n"
      "# Once you have edited this file, setup does not overwrite it.\n\n",
      base::printable(request.summary, 400));
}

FilesResult networkd_files(const FilesRequest& request) { return Files(request).make(); }

}  // namespace setup
