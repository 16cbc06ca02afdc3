// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"

namespace setup {
namespace {

using detect::AddressSource;
using detect::BootChain;
using detect::Link;
using detect::LinkKind;
using detect::Network;
using detect::NetworkStack;
using inspect::Findings;
using inspect::Severity;

constexpr const char* kSetUp = "dracut-sshd setup writes them; or see dracut-sshd(7), NETWORK";

void judge_stack(const BootChain& boot, Findings& out) {
  constexpr const char* kId = "host.network.stack";
  const auto why =
      base::printable(boot.stack_why, 300) + (boot.stack_assumed ? "; dracut's modules for it are not yet" : "");
  switch (boot.stack) {
    case NetworkStack::networkd:
      return out.push_back(
          {kId, Severity::good, fmt::format("systemd-networkd brings it up in an image ({})", why), ""});
    case NetworkStack::network_manager:
      return out.push_back({kId, Severity::good, fmt::format("NetworkManager brings it up in an image ({})", why), ""});
    case NetworkStack::legacy:
      return out.push_back(
          {kId, boot.network_files.empty() ? Severity::note : Severity::error,
           fmt::format(
               "dracut's own scripts bring it up in an image ({}): they know DHCP and the kernel's command line{}", why,
               boot.network_files.empty() ? "" : ", and do not read " + listed(boot.network_files)),
           "install systemd-networkd or NetworkManager for anything else"});
    case NetworkStack::none:
      break;
  }
  if (boot.network_setting == "no")
    return out.push_back({kId, Severity::warning,
                          "NETWORK=no in /etc/dracut-sshd/initrd.conf: the module brings no network into an image",
                          "see that something else does, or take that line out"});
  out.push_back(
      {kId, Severity::error,
       fmt::format("nothing can bring the network up in an image: {}", why.empty() ? "nothing is there" : why),
       "install systemd-networkd or NetworkManager, and dracut's modules for them"});
}

bool is_wired(const Network& network) {
  return std::ranges::any_of(network.chain, [&](const Link& link) {
    return std::ranges::find(network.nics, link.name) != network.nics.end();
  });
}

std::string link_text(const Link& link) {
  const auto lower = listed(link.lower);
  switch (link.kind) {
    case LinkKind::vlan:
      return fmt::format("VLAN {} on {}", link.vlan_id, lower);
    case LinkKind::bond:
      return fmt::format("a bond ({}) of {}", base::printable(link.bond_mode, 40), lower);
    case LinkKind::bridge:
      return fmt::format("a bridge of {}", lower);
    case LinkKind::team:
      return fmt::format("a team of {}", lower);
    case LinkKind::nic:
    case LinkKind::other:
      break;
  }
  return "";
}

void judge_interface(const Network& network, Findings& out) {
  constexpr const char* kId = "host.network.interface";
  const auto device = base::printable(network.device, 40);
  if (network.nics.empty())
    return out.push_back({kId, Severity::error, "this machine has no wired network interface", "ip link"});
  if (network.device.empty())
    return out.push_back({kId, Severity::error,
                          "no interface leads anywhere: there is no default route, and no ssh session", "ip route"});
  if (!is_wired(network))
    return out.push_back({kId, Severity::error,
                          fmt::format("{} is on no wired interface, and an image brings up no other (wired: {})",
                                      device, listed(network.nics)),
                          "connect one of the wired interfaces"});
  const auto session =
      fmt::format("{} {}", device, network.by_session ? "carries this ssh session" : "has the default route");
  const auto driver = network.chain.empty() ? "" : base::printable(network.chain.front().driver, 40);
  out.push_back(
      {kId, Severity::good, driver.empty() ? session : fmt::format("{}; its driver is {}", session, driver), ""});
  if (!network.by_session)
    out.push_back({"host.network.session", Severity::note,
                   "this is no ssh session, or none whose address is known: what is said of the network is about the "
                   "default route",
                   "ssh to this machine as you will to unlock it, and type: dracut-sshd doctor"});
}

/// dracut takes the files of /etc/systemd/network into an image that is made for one host, and into no other
/// (its module systemd-networkd); what netplan and the like write lies in /run.
bool may_take_own_files(const Network& network, const BootChain& boot) {
  return boot.stack == NetworkStack::networkd && network.manager == "systemd-networkd" && network.configured_by.empty();
}

constexpr const char* kOwnFiles =
    "; dracut takes the system's files of /etc/systemd/network along into an image for this host alone (hostonly=yes), "
    "and dracut-sshd inspect says whether it did";

/// What files for the image's network say already is for inspect to judge.
bool is_written(const BootChain& boot) { return !boot.network_files.empty() || !boot.network_words.empty(); }

void judge_layers(const Network& network, const BootChain& boot, Findings& out) {
  for (const auto& link : network.chain) {
    const auto text = link_text(link);
    if (text.empty()) continue;
    const auto id = link.kind == LinkKind::vlan     ? "host.network.vlan"
                    : link.kind == LinkKind::bond   ? "host.network.bond"
                    : link.kind == LinkKind::bridge ? "host.network.bridge"
                                                    : "host.network.team";
    const auto what = fmt::format("{} is {}", base::printable(link.name, 40), text);
    if (is_written(boot)) {
      out.push_back({id, Severity::good, what + ": an image has what is configured for it", ""});
      continue;
    }
    const bool own = may_take_own_files(network, boot);
    // An address of a bridge is to be had on its port.
    const auto severity = own || link.kind == LinkKind::bridge ? Severity::warning : Severity::error;
    out.push_back({id, severity,
                   what + ": without files of its own an image asks for an address on the plain interfaces" +
                       (own ? kOwnFiles : ""),
                   kSetUp});
  }
}

std::string addresses_text(const Network& network, bool v6) {
  std::vector<std::string> out;
  for (const auto& address : network.addresses) {
    if (address.v6 == v6 && !address.temporary) out.push_back(fmt::format("{}/{}", address.text, address.length));
  }
  return listed(out, 4);
}

std::string gateway_text(const Network& network, bool v6) {
  const auto route = std::ranges::find(network.routes, v6, &detect::DefaultRoute::v6);
  return route == network.routes.end() || route->gateway.empty() ? "" : " via " + base::printable(route->gateway, 60);
}

void judge_address(const Network& network, const BootChain& boot, bool v6, Findings& out) {
  const auto source = v6 ? network.source6 : network.source4;
  const auto text = fmt::format("{} on {}{}", addresses_text(network, v6), base::printable(network.device, 40),
                                gateway_text(network, v6));
  switch (source) {
    case AddressSource::none:
      return;
    case AddressSource::dhcp:
      return out.push_back({"host.network.address", Severity::good, text + ", by DHCP", ""});
    case AddressSource::advertisement:
      return out.push_back({"host.network.address", Severity::good, text + ", by router advertisements", ""});
    case AddressSource::fixed:
      break;
  }
  if (!boot.network_files.empty())
    return out.push_back({"host.network.static", Severity::good,
                          fmt::format("{}, a static address; an image takes {}", text, listed(boot.network_files)),
                          ""});
  if (!boot.network_words.empty())
    return out.push_back(
        {"host.network.static", Severity::note,
         fmt::format("{}, a static address; the kernel's command line has {}", text, listed(boot.network_words)), ""});
  // The other family may be enough to reach it.
  const auto other = v6 ? network.source4 : network.source6;
  const bool own = may_take_own_files(network, boot);
  const bool reachable = own || other == AddressSource::dhcp || other == AddressSource::advertisement;
  out.push_back({"host.network.static", reachable ? Severity::warning : Severity::error,
                 fmt::format("{}, a static address: without files of its own an image asks for one by DHCP{}", text,
                             own ? kOwnFiles : ""),
                 kSetUp});
}

void judge_manager(const Network& network, const BootChain& boot, Findings& out) {
  if (network.manager.empty())
    return out.push_back({"host.network.manager", Severity::note, "what configures the network here is not known",
                          "the effective state of the interface counts, and not its files"});
  const auto by = network.configured_by.empty() ? std::string()
                                                : ", by what " + base::printable(network.configured_by, 40) + " writes";
  out.push_back({"host.network.manager", Severity::note,
                 fmt::format("{} configures the network of the system{}{}", base::printable(network.manager, 40), by,
                             may_take_own_files(network, boot) ? "" : "; none of its files is in an image"),
                 ""});
}

void judge_words(const BootChain& boot, Findings& out) {
  if (boot.network_words.empty()) return;
  out.push_back({"host.network.cmdline", boot.network_files.empty() ? Severity::note : Severity::warning,
                 boot.network_files.empty()
                     ? fmt::format("the kernel's command line configures the network: {}", listed(boot.network_words))
                     : fmt::format("the kernel's command line has {}, which is used beside or in the place of {}",
                                   listed(boot.network_words), listed(boot.network_files)),
                 boot.network_files.empty() ? "" : "say it in one of the two places alone"});
}

}  // namespace

void add_network_findings(const detect::Machine& machine, Findings& out) {
  const auto& network = machine.network;
  const auto& boot = machine.boot;
  judge_stack(boot, out);
  judge_interface(network, out);
  judge_layers(network, boot, out);
  judge_address(network, boot, false, out);
  judge_address(network, boot, true, out);
  judge_manager(network, boot, out);
  judge_words(boot, out);
  // Where it matters, there is no interface or no stack, and that is an error.
  add_faults("host.network", Severity::warning, network.faults, out);
}

}  // namespace setup
