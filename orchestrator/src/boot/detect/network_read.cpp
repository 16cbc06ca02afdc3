// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/network_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "detect/interface_manager.hpp"
#include "detect/ip_json.hpp"
#include "detect/name_servers.hpp"
#include "detect/ssh_session.hpp"
#include "host/host.hpp"
#include "networkd/config_text.hpp"
#include "networkd/ip_prefix.hpp"

namespace detect {
namespace {

constexpr std::size_t kMostLinks = 64;  // of a chain: a bond has two to eight ports

/// What a command of iproute2 printed; "", with a fault, if it did not end well. `may_fail`: that is an answer, too.
std::string output_of(const Source& source, const std::vector<std::string>& argv, std::vector<std::string>& faults,
                      bool may_fail = false) {
  const auto answer = source.commands.run(argv);
  if (answer.ok()) return answer.out;
  if (may_fail && answer.state == Answer::State::ran) return "";
  const auto command = base::join(argv, " ");
  switch (answer.state) {
    case Answer::State::absent:
      faults.push_back(fmt::format("{}: it is not installed; install iproute2", command));
      break;
    case Answer::State::timed_out:
      faults.push_back(fmt::format("{}: it did not end in time", command));
      break;
    case Answer::State::too_long:
      faults.push_back(fmt::format("{}: it prints more than {}", command, base::human_size(kLongestAnswer)));
      break;
    case Answer::State::ran:
      faults.push_back(fmt::format("{}: it failed with status {}", command, answer.status));
      break;
  }
  return "";
}

class NetworkReader {
 public:
  NetworkReader(const Source& source, Network& out) : source_(source), out_(out) {}

  void read() {
    const auto session = session_of(source_, out_.faults);
    out_.client = session.client;
    out_.server = session.server;
    out_.port = session.port;
    links_ = links_of_json(run({"ip", "-json", "-details", "link", "show"}), out_.faults);
    read_nics();
    addresses_ = addresses_of_json(run({"ip", "-json", "address", "show"}), out_.faults);
    for (const bool v6 : {false, true}) {
      const auto text = run({"ip", "-json", v6 ? "-6" : "-4", "route", "show", "default"});
      for (auto& route : routes_of_json(text, v6, out_.faults)) routes_.push_back(std::move(route));
    }
    choose_device(session);
    if (!out_.device.empty()) describe_device();
    out_.dns = name_servers(source_);
    read_systemd_version();
  }

 private:
  std::string run(const std::vector<std::string>& argv) { return output_of(source_, argv, out_.faults); }

  KernelLink* link_of(const std::string& name) {
    const auto found = std::ranges::find_if(links_, [&](const KernelLink& each) { return each.link.name == name; });
    return found == links_.end() ? nullptr : &*found;
  }

  /// What sysfs and udev know of the hardware.
  void read_nics() {
    const auto nics = host::nics(source_.root);
    for (const auto& nic : nics) {
      if (!networkd::is_interface_name(nic.name)) continue;
      out_.nics.push_back(nic.name);
      auto* const link = link_of(nic.name);
      if (link == nullptr) continue;
      link->link.driver = base::printable(nic.module.empty() ? nic.driver : nic.module, 60);
      link->link.path = nic.path;
      if (const auto mac = mac_of(nic.permanent_address); !mac.empty()) link->link.permanent_mac = mac;
      if (link->link.permanent_mac.empty()) link->link.permanent_mac = udev_mac(nic, link->link.mac);
      if (link->link.permanent_mac.empty()) link->link.permanent_mac = ethtool_mac(nic.name);
    }
    for (auto& each : links_) {
      auto& link = each.link;
      std::error_code ignored;
      const auto folder = source_.root / "sys/class/net" / link.name;
      link.wireless = std::filesystem::exists(folder / "phy80211", ignored) ||
                      std::filesystem::exists(folder / "wireless", ignored);
      if (link.kind != LinkKind::nic) link.permanent_mac.clear();
      // Tunnels and taps have no kind of their own in older kernels, and no device below.
      if (link.kind == LinkKind::nic && !std::filesystem::exists(folder / "device", ignored))
        link.kind = LinkKind::other;
      link.shared_mac = !link.permanent_mac.empty() && std::ranges::any_of(links_, [&](const KernelLink& other) {
        return other.link.name != link.name && other.link.permanent_mac == link.permanent_mac;
      });
    }
  }

  /// "enx525400123456" of systemd.net-naming-scheme(7), which udev has made of the permanent address and of no other.
  /// An interface that was a port of a bond has got its own address back, as one that it was told.
  static std::string udev_mac(const host::Nic& nic, const std::string& mac) {
    std::vector<std::string> names = nic.alternative_names.value_or(std::vector<std::string>{});
    if (nic.name == "enx" + base::replace_all(mac, ":", "")) names.push_back(nic.name);
    for (const auto& name : names) {
      if (name.size() != 15 || !name.starts_with("enx")) continue;
      std::vector<std::string> octets;
      for (std::size_t at = 3; at < name.size(); at += 2) octets.push_back(name.substr(at, 2));
      if (auto found = mac_of(base::join(octets, ":")); !found.empty()) return found;
    }
    return "";
  }

  /// ethtool(8), where it is installed.
  std::string ethtool_mac(const std::string& name) {
    const auto answer = source_.commands.run({"ethtool", "-P", name});
    const std::string_view label = "Permanent address: ";
    if (!answer.ok() || !answer.out.starts_with(label)) return "";
    return mac_of(base::trim(std::string_view(answer.out).substr(label.size())));
  }

  /// An interface that an initramfs can have, as far as its kind tells.
  bool is_usable(const std::string& name) {
    const auto* const link = link_of(name);
    return link != nullptr && link->link.kind != LinkKind::other;
  }

  std::optional<DefaultRoute> route_to_client(const Session& session) {
    if (!session.zone.empty()) {
      DefaultRoute route;
      route.device = session.zone;
      route.v6 = true;
      return route;
    }
    // What leaves for the client has the server's address: rules may send it by another interface (ip-rule(8)).
    const std::vector<std::string> argv{"ip", "-json", "route", "get", session.client, "from", session.server};
    if (auto route = route_of_json(output_of(source_, argv, out_.faults, true), out_.faults)) return route;
    const std::vector<std::string> shorter(argv.begin(), argv.begin() + 5);
    return route_of_json(output_of(source_, shorter, out_.faults, true), out_.faults);
  }

  void choose_device(const Session& session) {
    std::string of_session;
    if (!session.client.empty()) {
      if (const auto route = route_to_client(session)) {
        of_session = route->device;
        out_.client_gateway = route->gateway;
      } else {
        out_.faults.push_back(fmt::format("no route to the client, {}, is known", session.client));
      }
    }
    const std::string of_default = routes_.empty() ? "" : routes_.front().device;
    out_.by_session = !of_session.empty() && (is_usable(of_session) || of_default.empty()) && of_session != "lo";
    out_.device = out_.by_session ? of_session : of_default;
    if (out_.by_session) return;
    out_.client_gateway.clear();
    if (of_session.empty()) return;
    const auto* const link = link_of(of_session);
    out_.faults.push_back(fmt::format(
        "the session comes by {}{}, which an initramfs does not have; {}", of_session,
        link == nullptr || link->link.kind_name.empty() ? "" : " (" + link->link.kind_name + ")",
        of_default.empty() ? "no other way is known" : "the way of the default route counts: " + of_default));
  }

  void add_to_chain(const std::string& name) {
    const auto* const link = link_of(name);
    const bool there = std::ranges::any_of(out_.chain, [&](const Link& each) { return each.name == name; });
    if (link == nullptr || there || out_.chain.size() >= kMostLinks) return;
    auto copy = link->link;
    if (copy.kind == LinkKind::bond || copy.kind == LinkKind::bridge || copy.kind == LinkKind::team) {
      for (const auto& each : links_) {
        if (each.master == name && copy.lower.size() < kMostLinks) copy.lower.push_back(each.link.name);
      }
    }
    out_.chain.push_back(copy);
    for (const auto& lower : copy.lower) add_to_chain(lower);
  }

  void describe_device() {
    add_to_chain(out_.device);
    if (out_.chain.empty()) out_.faults.push_back(fmt::format("ip does not show the interface {}", out_.device));
    for (const auto& each : addresses_) {
      if (each.device == out_.device) out_.addresses.push_back(each.address);
    }
    for (const auto& route : routes_) (route.device == out_.device ? out_.routes : out_.elsewhere).push_back(route);
    const auto* const link = link_of(out_.device);
    if (link != nullptr) {
      const auto manager = manager_of(source_, out_.device, link->index, link->link.mac, out_.faults);
      out_.manager = manager.name;
      out_.configured_by = manager.configured_by;
      out_.client_identifier = manager.client_identifier;
      out_.duid = manager.duid;
      out_.iaid = manager.iaid;
      mark_dynamic(manager.dhcp4);
    }
    read_sources();
  }

  /// Some DHCP clients tell the kernel no lifetime: then their route does, or their configuration.
  void mark_dynamic(bool dhcp_by_manager) {
    const bool dynamic = std::ranges::any_of(out_.addresses, [](const auto& each) { return !each.v6 && each.dynamic; });
    const bool by_route =
        std::ranges::any_of(out_.routes, [](const auto& each) { return !each.v6 && each.protocol == "dhcp"; });
    if (dynamic || (!by_route && !dhcp_by_manager)) return;
    const auto first = std::ranges::find_if(out_.addresses, [](const auto& each) { return !each.v6; });
    if (first != out_.addresses.end()) first->dynamic = true;
  }

  void read_sources() {
    for (const auto& address : out_.addresses) {
      auto& into = address.v6 ? out_.source6 : out_.source4;
      if (!address.dynamic && !address.temporary) {
        if (into != AddressSource::dhcp || address.v6) into = AddressSource::fixed;
      } else if (!address.v6) {
        into = AddressSource::dhcp;
      } else if (into != AddressSource::fixed) {
        // DHCPv6 leases are addresses without a network (RFC 8415); what routers advertise has one.
        if (address.length != 128)
          into = AddressSource::advertisement;
        else if (into == AddressSource::none)
          into = AddressSource::dhcp;
      }
    }
  }

  /// "systemd 252 (252.38-1~deb12u1)".
  void read_systemd_version() {
    const auto answer = source_.commands.run({"systemctl", "--version"});
    const std::string_view label = "systemd ";
    if (!answer.ok() || !answer.out.starts_with(label)) return;
    unsigned version = 0;
    const auto* const start = answer.out.data() + label.size();
    const auto read = std::from_chars(start, answer.out.data() + answer.out.size(), version);
    if (read.ec == std::errc{} && version < 10000) out_.systemd_version = version;
  }

  const Source& source_;
  Network& out_;
  std::vector<KernelLink> links_;
  std::vector<DeviceAddress> addresses_;
  std::vector<DefaultRoute> routes_;
};

}  // namespace

Network read_network(const Source& source) {
  Network out;
  NetworkReader(source, out).read();
  return out;
}

}  // namespace detect
