// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "inspect/facts.hpp"
#include "networkd/match.hpp"
#include "networkd/outcome.hpp"

/// What systemd-networkd of an image will read, and on which machine.
namespace inspect {

struct NetworkdFacts {
  networkd::Configuration configuration;
  networkd::Environment environment;
  std::vector<networkd::Link> links;  // the machine's wired interfaces; one of unknown name where they are not known
  bool links_known = false;
  std::string word_fault;   // a word of the command line that systemd-network-generator cannot read
  std::string word_unread;  // ip= that nothing in the image reads: "ip=dhcp in /etc/cmdline.d"
  bool too_many = false;    // files, or devices: not all were read
};

/// The files in systemd-networkd's folders (systemd.network(5), DESCRIPTION): of a name in several folders the first is
/// in force, and an empty one or a link to /dev/null takes the others away. Those that the user of systemd-networkd
/// cannot read are there with a fault. What systemd-network-generator makes of the command line is among them.
[[nodiscard]] NetworkdFacts gather_networkd(const Facts& facts);

}  // namespace inspect
