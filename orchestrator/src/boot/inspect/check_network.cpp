// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "host/host.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/check.hpp"
#include "inspect/check_networkd.hpp"
#include "inspect/exec_check.hpp"
#include "inspect/network_match.hpp"
#include "inspect/nics.hpp"

namespace inspect {
namespace {

/// The files in a program's folders. Of a name in several folders the first is in force, and one that is empty or leads
/// nowhere takes the others away.
std::vector<std::string> files(const Facts& facts, std::initializer_list<const char*> folders) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto* folder : folders) {
    for (const auto& name : facts.image.list(folder)) {
      if (!seen.insert(name).second) continue;
      const auto path = std::string(folder) + "/" + name;
      const auto* node = facts.image.find(path);
      if (node != nullptr && node->is_file() && node->size > 0) out.push_back("/" + path);
    }
  }
  return out;
}

struct Network {
  std::string stack;               // who does it
  std::string program;             // its path; "": it is no single one
  std::vector<std::string> files;  // what tells it to
  bool own = false;                // this module has it started by itself
};

Network network_of(const Facts& facts) {
  Network out;
  const auto networkd = load_unit(facts.image, "systemd-networkd.service");
  const bool masked = !networkd || networkd->masked || !word_that_masks(facts, "systemd-networkd.service").empty();
  if (!facts.program("systemd-networkd").empty() && !masked) {
    out.stack = "systemd-networkd";
    out.program = facts.program("systemd-networkd");
    return out;
  }
  if (!facts.program("NetworkManager").empty()) {
    out.stack = "NetworkManager";
    out.program = facts.program("NetworkManager");
    out.files = files(facts, {"etc/NetworkManager/system-connections", "usr/lib/NetworkManager/system-connections",
                              "etc/sysconfig/network-scripts"});
    out.own = !wanted_by(facts.image, "dracut-sshd-networkmanager.service").empty();
    return out;
  }
  if (!wanted_by(facts.image, "dracut-sshd-dhclient.service").empty() && !facts.program("dhclient").empty()) {
    out.stack = "dhclient";
    out.program = facts.program("dhclient");
    out.own = true;
    return out;
  }
  if (!facts.program("wickedd").empty())
    out.stack = "wicked";
  else if (!facts.program("connmand").empty())
    out.stack = "connman";
  else if (facts.has_module("network-legacy") || facts.has_module("network") || facts.has("usr/sbin/ifup") ||
           facts.has("sbin/ifup"))
    out.stack = "dracut's own scripts";
  return out;
}

/// With the machine at hand: a file that is for another machine's nic does nothing. Returns whether one is left.
bool tell_other_machines(const Facts& facts, const Network& network, Findings& out) {
  if (!facts.options.host || network.files.empty()) return true;
  const auto all = host::nics(*facts.options.host);
  std::vector<std::pair<std::string, std::string>> idle;
  for (const auto& name : network.files) {
    auto why = why_for_no_nic(facts.image.content(name.substr(1)).value_or(""), all);
    if (!why.empty()) idle.emplace_back(name, std::move(why));
  }
  const bool left = idle.size() < network.files.size();
  for (const auto& [name, why] : idle)
    out.push_back({"network.configuration", left ? Severity::warning : Severity::error,
                   base::printable(name, 300) + ": " + why,
                   "name this machine's network interface in /etc/dracut-sshd/network, and type dracut-sshd-rebuild"});
  return left;
}

bool asks_by_cmdline(const Facts& facts) {
  const auto ip = facts.cmdline_value("ip");
  return (ip && *ip != "off" && *ip != "none") || facts.cmdline_value("netroot") || facts.cmdline_value("BOOTIF");
}

}  // namespace

void check_network(const Facts& facts, Findings& out) {
  const auto network = network_of(facts);
  const auto word = word_that_masks(facts, "systemd-networkd.service");
  if (network.stack.empty() && !word.empty())
    return out.push_back(
        {"network.stack", Severity::error,
         fmt::format("{} on the kernel's command line keeps systemd-networkd from starting", base::printable(word)),
         "remove that word from the kernel's command line"});
  if (network.stack.empty())
    return out.push_back({"network.stack", Severity::error, "no program that brings up a network is in it",
                          "install systemd-networkd (or NetworkManager), or say add_dracutmodules+=\" systemd-networkd "
                          "\" in /etc/dracut.conf.d/90-network.conf"});
  if (!network.program.empty()) {
    if (const auto why = why_exec_fails(facts, network.program); !why.empty())
      return out.push_back({"network.stack", Severity::error, fmt::format("/{} cannot start: {}", network.program, why),
                            "build the image again: dracut-sshd-rebuild"});
  }
  out.push_back({"network.stack", Severity::good, network.stack, ""});
  if (network.stack == "systemd-networkd") return check_networkd(facts, out);
  if (asks_by_cmdline(facts)) {
    const auto ip = facts.cmdline_value("ip").value_or("");
    const bool waits =
        network.own || facts.cmdline_value("rd.neednet").value_or("0") != "0" || facts.cmdline_value("netroot");
    if (waits)
      return out.push_back(
          {"network.configuration", Severity::good, "the kernel's command line: ip=" + base::printable(ip), ""});
    return out.push_back({"network.configuration", Severity::error,
                          fmt::format("ip={} is on the kernel's command line, but {} acts on it only with rd.neednet=1",
                                      base::printable(ip), network.stack),
                          "add rd.neednet=1 to the kernel's command line"});
  }
  if (!tell_other_machines(facts, network, out)) return;
  if (network.own && network.files.empty())
    return out.push_back({"network.configuration", Severity::good, "by DHCP on every wired interface", ""});
  if (!network.files.empty() && (network.own || facts.cmdline_value("rd.neednet")))
    return out.push_back({"network.configuration", Severity::good, base::join(network.files, ", "), ""});
  const std::string remedy =
      "put a file into /etc/dracut-sshd/network (see dracut-sshd(7), NETWORK), or say ip=dhcp rd.neednet=1 on the "
      "kernel's command line";
  if (!facts.options.cmdline_known)
    return out.push_back(
        {"network.configuration", Severity::unknown,
         fmt::format("nothing in it tells {} to get an address; the kernel's command line may, which is not known here",
                     network.stack),
         "name it: --cmdline \"$(cat /proc/cmdline)\"; or " + remedy});
  out.push_back({"network.configuration", Severity::error,
                 fmt::format("nothing tells {} to get an address", network.stack), remedy});
}

void check_driver(const Facts& facts, Findings& out) {
  const auto nics = nics_of(facts);
  std::vector<std::string> good;
  std::vector<std::string> bad;
  std::set<std::string> missing;
  for (const auto& nic : nics.all) {
    const auto driver = nic.module.empty() ? nic.driver : nic.module;
    auto text =
        base::printable(nic.name) + " (" + (driver.empty() ? "built in, or not known" : base::printable(driver)) + ")";
    (is_driven(facts, nic) ? good : bad).push_back(std::move(text));
    if (!is_driven(facts, nic)) missing.insert(driver);
  }
  for (const auto& nic : nics.all) {
    const auto word = word_that_blocks(facts, nic.module);
    if (word.empty()) continue;
    return out.push_back({"network.driver", good.empty() ? Severity::error : Severity::warning,
                          fmt::format("{} on the kernel's command line keeps the driver of {} away",
                                      base::printable(word), base::printable(nic.name)),
                          "remove that word from the kernel's command line"});
  }
  const auto drivers = nic_drivers(facts);
  std::vector<std::string> list;
  for (const auto& name : drivers) {
    if (list.size() < 12) list.push_back(base::printable(name));
  }
  if (drivers.size() > list.size()) list.push_back(fmt::format("{} more", drivers.size() - list.size()));
  const auto has = list.empty() ? "none" : base::join(list, ", ");
  if (!bad.empty()) {
    // These names become words of a shell's configuration file.
    const auto is_name = [](const std::string& name) {
      return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    };
    const std::vector<std::string> names(missing.begin(), missing.end());
    const auto add = std::ranges::all_of(names, is_name) ? base::join(names, " ") : "DRIVER";
    return out.push_back(
        {"network.driver", good.empty() ? Severity::error : Severity::warning,
         fmt::format("no driver is in it for {}, {}; it has drivers for network interfaces: {}",
                     base::printable(base::join(bad, ", "), 400), nics.source, has),
         "add_drivers+=\" " + add + " \" in /etc/dracut.conf.d/90-network.conf, and dracut-sshd-rebuild"});
  }
  if (!good.empty())
    return out.push_back({"network.driver", Severity::good, base::printable(base::join(good, ", "), 400), ""});
  if (drivers.empty() && !facts.kernels.empty())
    return out.push_back({"network.driver", Severity::warning,
                          "no driver of a network interface is in it: the kernel itself has to have one",
                          "add_drivers+=\" DRIVER \" in /etc/dracut.conf.d/90-network.conf; lspci -k names it"});
  out.push_back({"network.driver", Severity::good,
                 fmt::format("it has {} ({}); which one this machine needs is not known here{}", drivers.size(), has,
                             nics.fault.empty() ? "" : ": " + nics.fault),
                 ""});
}

}  // namespace inspect
