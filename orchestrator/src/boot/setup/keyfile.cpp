// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/keyfile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace setup {
namespace {

using detect::Link;

class Keyfiles {
 public:
  explicit Keyfiles(const FilesRequest& request) : request_(request), layout_(request.layout) {}

  FilesResult make() {
    if (layout_.vlans.size() > 1) fail("VLANs on VLANs are not written for NetworkManager");
    if (!layout_.bonds.empty()) add_ports();
    if (!layout_.bonds.empty() && !layout_.vlans.empty()) add_lower_bond();
    add_top();
    if (!out_.problem.empty()) out_.files.clear();
    return out_;
  }

 private:
  void fail(std::string problem) {
    if (!out_.problem.empty()) return;
    out_.problem = std::move(problem);
    out_.remedy = "write a keyfile by hand (nm-settings-keyfile(5)), or have systemd-networkd in the initramfs";
  }

  /// A UUID that stays the same from run to run, of the form that RFC 9562 has for others' (version 8).
  static std::string uuid_of(const std::string& name) {
    auto digits = base::sha256("dracut-sshd setup " + name).substr(0, 32);
    digits[12] = '8';
    digits[16] = 'a';
    return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                       digits.substr(16, 4), digits.substr(20));
  }

  void add_file(const std::string& name, const std::string& text, const std::string& purpose) {
    // NetworkManager ignores what others can read.
    out_.files.push_back(
        {fmt::format("{}{}.nmconnection", kNetworkFolder, name), files_comment(request_) + text, 0600, purpose, false});
  }

  /// [connection]; NetworkManager waits as long as it takes.
  static std::string connection(const std::string& id, std::string_view type, const std::string& device) {
    auto out = fmt::format("[connection]\nid={}\nuuid={}\ntype={}\nautoconnect=true\nautoconnect-retries=0\n", id,
                           uuid_of(id), type);
    if (!device.empty()) out += fmt::format("interface-name={}\n", device);
    return out;
  }

  /// [ethernet] or [match] of hardware.
  std::string hardware(const Link& nic, std::uint32_t mtu) {
    std::string ethernet;
    std::string match;
    if (!nic.permanent_mac.empty()) {
      ethernet += fmt::format("mac-address={}\n", nic.permanent_mac);
      if (nic.shared_mac && !nic.driver.empty()) match += fmt::format("driver={};\n", nic.driver);
    } else if (!nic.path.empty()) {
      match += fmt::format("path={};\n", nic.path);
    } else if (request_.nics != 1) {
      fail(
          fmt::format("neither the permanent hardware address nor the place of {} is known, by which the initramfs "
                      "could tell it from others",
                      nic.name));
    }
    if (mtu != 0) ethernet += fmt::format("mtu={}\n", mtu);
    return (ethernet.empty() ? "" : "\n[ethernet]\n" + ethernet) + (match.empty() ? "" : "\n[match]\n" + match);
  }

  void add_ports() {
    std::size_t number = 0;
    for (const auto& nic : layout_.nics) {
      const auto id = fmt::format("10-setup-port{}", ++number);
      add_file(id,
               connection(id, "ethernet", "") + fmt::format("master={}\nslave-type=bond\n", layout_.bonds[0].name) +
                   hardware(nic, 0),
               fmt::format("a port of {}", layout_.bonds[0].name));
    }
  }

  /// [bond]; its primary port would have to be named, and names may differ in the initramfs.
  std::string bond_section(std::uint32_t mtu) {
    const auto& bond = layout_.bonds[0];
    auto out = fmt::format("\n[bond]\nmode={}\nmiimon={}\n", bond.bond_mode,
                           bond.mii_ms >= 10 && bond.mii_ms <= 10000 ? bond.mii_ms : 100);
    if (bond.bond_mode == "802.3ad" && (bond.lacp_rate == "fast" || bond.lacp_rate == "slow"))
      out += fmt::format("lacp_rate={}\n", bond.lacp_rate);
    static constexpr std::array<std::string_view, 5> kPolicies{"layer2", "layer3+4", "layer2+3", "encap2+3",
                                                               "encap3+4"};
    const bool hashes = bond.bond_mode == "802.3ad" || bond.bond_mode == "balance-xor";
    if (hashes && std::ranges::find(kPolicies, bond.hash_policy) != kPolicies.end())
      out += fmt::format("xmit_hash_policy={}\n", bond.hash_policy);
    const bool moves = bond.fail_over_mac == "active" || bond.fail_over_mac == "follow";
    if (moves) out += fmt::format("fail_over_mac={}\n", bond.fail_over_mac);
    std::string ethernet;
    if (!moves && !bond.mac.empty()) ethernet += fmt::format("cloned-mac-address={}\n", bond.mac);
    if (mtu != 0) ethernet += fmt::format("mtu={}\n", mtu);
    return out + (ethernet.empty() ? "" : "\n[ethernet]\n" + ethernet);
  }

  void add_lower_bond() {
    const std::string id = "10-setup-bond";
    const auto mtu = layout_.bonds[0].mtu > 1500 ? layout_.bonds[0].mtu : 0;
    add_file(id,
             connection(id, "bond", layout_.bonds[0].name) + bond_section(mtu) +
                 "\n[ipv4]\nmethod=disabled\n\n[ipv6]\nmethod=disabled\n",
             fmt::format("what {} is on", layout_.vlans[0].name));
  }

  void add_top() {
    const std::string id = "10-setup";
    const auto& top = layout_.top();
    const auto mtu = request_.addressing.mtu;
    std::string text;
    if (!layout_.vlans.empty()) {
      const auto& vlan = layout_.vlans[0];
      if (vlan.vlan_protocol == "802.1ad") fail("a VLAN of IEEE 802.1ad is not written for NetworkManager");
      text = connection(id, "vlan", vlan.name) + fmt::format("\n[vlan]\nid={}\nflags=1\n", vlan.vlan_id);
      if (layout_.bonds.empty()) {
        // nm-settings(5), vlan.parent: without it the hardware address says which.
        if (layout_.nics[0].permanent_mac.empty())
          fail(fmt::format("the permanent hardware address of {}, which {} is on, is not known", layout_.nics[0].name,
                           vlan.name));
        text += hardware(layout_.nics[0], mtu);
      } else {
        text += fmt::format("parent={}\n", layout_.bonds[0].name);
        if (mtu != 0) text += fmt::format("\n[ethernet]\nmtu={}\n", mtu);
      }
    } else if (!layout_.bonds.empty()) {
      text = connection(id, "bond", top.name) + bond_section(mtu);
    } else {
      text = connection(id, "ethernet", "") + hardware(top, mtu);
    }
    add_file(id, text + family(false) + family(true), fmt::format("the addresses of {}", top.name));
  }

  std::string family(bool v6) {
    const auto& addressing = request_.addressing;
    const bool automatic = v6 ? addressing.advertisements || addressing.dhcp6 : addressing.dhcp4;
    const bool fixed = addressing.has_fixed(v6);
    auto out = fmt::format("\n[ipv{}]\nmethod={}\n", v6 ? 6 : 4, automatic ? "auto" : fixed ? "manual" : "disabled");
    std::size_t number = 0;
    for (const auto& each : addressing.fixed) {
      if (each.v6 != v6) continue;
      // Its addresses have no peers: a route to the gateway comes by itself.
      out += fmt::format("address{}={}/{}\n", ++number, each.text, each.peer.empty() ? each.length : v6 ? 128U : 32U);
    }
    for (const auto& route : addressing.routes) {
      if (route.v6 != v6) continue;
      if (!v6 && route.gateway.find(':') != std::string::npos)
        fail(fmt::format("the gateway for IPv4, {}, has an IPv6 address, which NetworkManager does not take",
                         route.gateway));
      out += route.gateway.empty() ? fmt::format("route1={}\n", v6 ? "::/0" : "0.0.0.0/0")
                                   : fmt::format("gateway={}\n", route.gateway);
    }
    std::string servers;
    for (const auto& server : addressing.dns) {
      if ((server.find(':') != std::string::npos) == v6) servers += server + ";";
    }
    if (!servers.empty() && fixed) out += fmt::format("dns={}\n", servers);
    if (automatic && !v6) out += fmt::format("dhcp-client-id={}\ndhcp-timeout=2147483647\n", nm_client_id());
    return out + "may-fail=true\n";
  }

  /// ipv4.dhcp-client-id: "mac", or the octets of a client identifier.
  [[nodiscard]] std::string nm_client_id() const {
    const auto& id = request_.client_id;
    if (id.kind == "mac" || id.duid.empty() || !id.iaid) return "mac";
    const auto digits = fmt::format("ff{:08x}{}", *id.iaid, id.duid);
    std::vector<std::string> octets;
    for (std::size_t at = 0; at + 1 < digits.size(); at += 2) octets.push_back(digits.substr(at, 2));
    return base::join(octets, ":");
  }

  const FilesRequest& request_;
  const Layout& layout_;
  FilesResult out_{};
};

}  // namespace

FilesResult keyfiles(const FilesRequest& request) { return Keyfiles(request).make(); }

}  // namespace setup
