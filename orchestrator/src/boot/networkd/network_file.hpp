// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "networkd/ip_prefix.hpp"
#include "networkd/match.hpp"

namespace networkd {

struct Address {
  Prefix own;
  std::optional<Prefix> peer;
};

struct Route {
  std::string gateway_text;           // as it is written; "": on the link itself
  std::optional<Prefix> gateway;      // nothing for what a lease or an advertisement says, such as "_dhcp4"
  std::optional<Prefix> destination;  // nothing: the default route
  bool on_link = false;
};

/// A .network file with its drop-ins (systemd.network(5)), as far as it decides whether an interface can be reached.
struct NetworkFile {
  std::string path;   // where it is, for people
  std::string fault;  // why networkd reads nothing of it; the rest is empty then
  std::string doubt;  // why some releases of networkd would do so, and others not
  MatchRules match;
  bool unmanaged = false;
  std::string activation;  // ActivationPolicy= where the interface is not brought up; "": it is
  bool dhcp4 = false;
  bool dhcp6 = false;
  bool link_local6 = true;
  std::optional<bool> accept_ra;
  std::vector<Address> addresses;
  std::vector<Route> routes;
  std::vector<std::string> ignored;  // "Address=10.0.0.500/24": values that networkd does not take
  std::string bond;
  std::string bridge;
  std::vector<std::pair<std::string, std::string>> stacked;  // kind, name: what it makes on top of the interface

  /// The addresses at which others can reach it.
  [[nodiscard]] std::vector<Address> reachable_addresses() const;
  /// A router may give it an address without being asked (RFC 4862).
  [[nodiscard]] bool takes_advertisements() const { return link_local6 && accept_ra.value_or(true); }
};

[[nodiscard]] NetworkFile network_file_of(std::string path, const ConfigText& config);

/// A route whose gateway is on none of the file's networks: networkd leaves it out without a word. Nothing where there
/// is none, and where a lease or an advertisement may put the gateway within reach.
[[nodiscard]] const Route* unreachable_route(const NetworkFile& file);

/// A .netdev file (systemd.netdev(5)).
struct NetdevFile {
  std::string path;
  std::string fault;  // why networkd makes no such device
  MatchRules match;   // conditions alone
  std::string name;
  std::string kind;
  std::string key_file;    // PrivateKeyFile= of [WireGuard]
  std::string credential;  // the name of the credential that is its private key, where no file is; "": none
  std::vector<std::string> preshared_key_files;  // PresharedKeyFile= of each [WireGuardPeer]
};

[[nodiscard]] NetdevFile netdev_file_of(std::string path, const ConfigText& config);

}  // namespace networkd
