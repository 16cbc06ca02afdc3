// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/boot_chain.hpp"
#include "detect/network_state.hpp"
#include "setup/planned_file.hpp"

namespace setup {

/// How the image gets this machine's network.
struct NetworkPlan {
  std::vector<PlannedFile> files;  // below /etc/dracut-sshd/network/: empty where the module's default, DHCP, does it
  std::string summary;             // for people: "enp1s0, DHCP", "VLAN 20 on enp1s0, 192.0.2.10/24 via 192.0.2.1"
  std::string address;             // at which the initramfs will answer, as far as that is known; "": not known
  std::vector<std::string> notes;
  std::string problem;  // why no file can say it (the stack cannot, or it is not known); then `files` is empty
  std::string remedy;   // what to do by hand about it
};

/// The effective state of the interface that the session (else the default route) uses, as files for the stack that
/// the image has: systemd.network(5) and systemd.netdev(5), or a keyfile of NetworkManager (nm-settings-keyfile(5)).
/// Interfaces are matched by their permanent address, never by name. A pure function.
[[nodiscard]] NetworkPlan plan_network(const detect::Network& network, const detect::BootChain& boot);

}  // namespace setup
