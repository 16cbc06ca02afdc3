// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "networkd/match.hpp"
#include "networkd/network_file.hpp"

namespace networkd {

/// All that networkd reads, in the order of its reading.
struct Configuration {
  std::vector<NetworkFile> networks;
  std::vector<NetdevFile> netdevs;
};

/// What becomes of an interface.
struct Outcome {
  std::string link;                    // its name; "": one whose name is not known
  std::string kind;                    // "": hardware
  Tri reached = Tri::no;               // it gets an address, and what it needs below it is up
  std::vector<const NetworkFile*> by;  // the files that may be for it; the first that is, is the last of these
  bool only_advertised = false;        // a router's advertisements alone may give it an address
  std::string address;                 // "DHCP", "192.0.2.5/24 via 192.0.2.1"; "" if it gets none
  std::string why;                     // why not, or why that is not certain
};

/// One for each of the machine's interfaces, and for each device that a .netdev file makes on top of them. For each
/// interface networkd takes the first file that is for it (systemd.network(5)), and no other.
[[nodiscard]] std::vector<Outcome> outcomes_of(const Configuration& configuration, const Environment& environment,
                                               const std::vector<Link>& links);

}  // namespace networkd
