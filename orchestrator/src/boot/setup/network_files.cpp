// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/network_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "networkd/ip_prefix.hpp"
#include "setup/command_line_words.hpp"
#include "setup/keyfile.hpp"
#include "setup/network_addressing.hpp"
#include "setup/network_layout.hpp"
#include "setup/networkd_files.hpp"

namespace setup {
namespace {

using detect::NetworkStack;

/// What decides about the network before any file does.
bool is_left_alone(const detect::BootChain& boot, NetworkPlan& out) {
  if (!boot.network_words.empty()) {
    const auto words = base::printable(base::join(boot.network_words, " "), 400);
    out.summary = "as the kernel command line says: " + words;
    out.notes.push_back("the kernel command line describes the network of the initramfs, and wins over files: " +
                        words);
    return true;
  }
  if (boot.network_setting == "no") {
    out.summary = "left to the administrator";
    out.notes.emplace_back("NETWORK=no in /etc/dracut-sshd/initrd.conf leaves the network of the initramfs to you");
    return true;
  }
  return false;
}

/// The lease of the initramfs is the system's where both name themselves alike.
ClientId client_id_of(const detect::Network& network, const Addressing& addressing) {
  const bool duid = network.client_identifier == "duid" || network.client_identifier == "duid-only";
  if (!addressing.dhcp4 || !duid || network.duid.empty() || network.duid.size() > 260) return {};
  return {network.client_identifier, network.duid, network.iaid};
}

/// Without files the module asks as networkd does where networkd is the system's client, else by the hardware address.
bool needs_client_id(const detect::Network& network, const Addressing& addressing) {
  return network.manager != "systemd-networkd" && client_id_of(network, addressing).kind != "mac";
}

void note_of_client_id(const detect::Network& network, const Addressing& addressing, bool files, NetworkPlan& out) {
  const auto& known = network.client_identifier;
  if (!addressing.dhcp4 || known == "mac" || known == "clientid") return;
  if (files ? client_id_of(network, addressing).kind != "mac" : network.manager == "systemd-networkd") return;
  out.notes.emplace_back(
      "how the system names itself to the DHCP server is not known: the initramfs may get another address");
}

/// The address at which the session found this machine, if the initramfs has it too; else another one of its own.
std::string address_of(const detect::Network& network, const Addressing& addressing, std::vector<std::string>& notes) {
  std::string first;
  for (const auto& each : network.addresses) {
    const auto address = networkd::address_of(each.text);
    if (!address || !address->is_reachable() || each.temporary) continue;
    auto text = networkd::address_text(*address);
    if (text == network.server) return text;
    const bool fixed = std::ranges::any_of(addressing.fixed, [&](const auto& other) { return other.text == text; });
    if (first.empty() || (fixed && !addressing.has_fixed(first.find(':') != std::string::npos)))
      first = std::move(text);
  }
  if (!network.server.empty())
    notes.push_back(fmt::format("this session uses {}, which the initramfs does not have; it answers at {}",
                                base::printable(network.server), first.empty() ? "an address not known yet" : first));
  return first;
}

/// By router advertisements the initramfs forms its address from the hardware's (RFC 4291, appendix A), and the system
/// perhaps another way (RFC 7217).
void note_of_advertised(const detect::Network& network, const Addressing& addressing, NetworkPlan& out) {
  const auto address = networkd::address_of(out.address);
  if (!address || !address->v6 || !addressing.advertisements || addressing.has_fixed(true)) return;
  const bool of_hardware = address->bytes[11] == 0xff && address->bytes[12] == 0xfe;
  if (!of_hardware && !addressing.dhcp6)
    out.notes.push_back(fmt::format(
        "{} has its IPv6 address by router advertisements, and not from its hardware address: the initramfs may form "
        "another one",
        network.device));
}

void note_of_hardware(const Layout& layout, const Addressing& addressing, NetworkPlan& out) {
  const auto& top = layout.top();
  const auto mac = layout.vlans.empty() && layout.bonds.empty() ? top.permanent_mac : top.mac;
  if (layout.bridge.empty() || layout.bridge_mac.empty() || mac.empty() || layout.bridge_mac == mac) return;
  if (addressing.dhcp4 || addressing.dhcp6 || addressing.advertisements)
    out.notes.push_back(fmt::format(
        "the bridge {} has another hardware address ({}) than {} ({}), which stands for it in the initramfs: the DHCP "
        "server may give it another address",
        layout.bridge, layout.bridge_mac, top.name, mac));
}

void take(FilesResult result, NetworkPlan& out) {
  out.files = std::move(result.files);
  out.problem = std::move(result.problem);
  out.remedy = std::move(result.remedy);
  for (auto& note : result.notes) out.notes.push_back(std::move(note));
}

void write_files(const detect::Network& network, const detect::BootChain& boot, const Layout& layout,
                 const Addressing& addressing, NetworkPlan& out) {
  note_of_client_id(network, addressing, true, out);
  FilesRequest request{layout, addressing, out.summary, network.nics.size(), network.systemd_version, {}};
  request.client_id = client_id_of(network, addressing);
  if (boot.stack == NetworkStack::networkd) return take(networkd_files(request), out);
  if (boot.stack == NetworkStack::network_manager) return take(keyfiles(request), out);
  out.problem = "dracut's own scripts bring up the network of the initramfs, and read no files";
  const auto words = command_line_words(layout, addressing);
  out.remedy = words ? "add to the kernel command line: " + *words
                     : "install systemd-networkd: ip= on the kernel command line cannot say how the gateway is reached";
}

}  // namespace

NetworkPlan plan_network(const detect::Network& network, const detect::BootChain& boot) {
  NetworkPlan out;
  if (is_left_alone(boot, out)) return out;
  const auto layout = layout_of(network);
  if (!layout.problem.empty()) {
    out.problem = layout.problem;
    out.remedy = layout.remedy;
    return out;
  }
  auto addressing = addressing_of(network, layout);
  out.notes = addressing.notes;
  if (!addressing.problem.empty()) {
    out.problem = addressing.problem;
    out.remedy = addressing.remedy;
    return out;
  }
  out.summary = fmt::format("{}, {}", layout_text(layout), addressing_text(addressing));
  if (boot.stack == NetworkStack::none) {
    out.problem = "nothing on this system can bring up a network in the initramfs";
    out.remedy = "install systemd-networkd, or NetworkManager with dracut's network modules, and run setup again";
    return out;
  }
  out.address = address_of(network, addressing, out.notes);
  note_of_advertised(network, addressing, out);
  note_of_hardware(layout, addressing, out);
  const bool asks = layout.is_plain() && addressing.fixed.empty();
  const bool legacy = boot.stack == NetworkStack::legacy;
  if (asks && (legacy || (addressing.mtu == 0 && !needs_client_id(network, addressing)))) {
    note_of_client_id(network, addressing, false, out);
    if (addressing.mtu != 0)
      out.notes.push_back(
          fmt::format("dracut's own scripts do not know the MTU of {}; add to the kernel command line: {}",
                      network.device, command_line_words(layout, addressing).value_or("")));
    if (network.nics.size() > 1)
      out.notes.push_back(
          fmt::format("the initramfs asks for an address on every wired interface, {} of them", network.nics.size()));
    return out;
  }
  write_files(network, boot, layout, addressing, out);
  return out;
}

}  // namespace setup
