// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/network_state.hpp"

namespace setup {

/// A step between what was detected and files for one stack: the devices. A bridge is left out: the port of it that
/// leads to the network has its addresses in the initramfs. Names and hardware addresses are checked: they may go into
/// files.
struct Layout {
  std::vector<detect::Link> nics;   // one, or the bond's ports
  std::vector<detect::Link> bonds;  // none or one
  std::vector<detect::Link> vlans;  // the lowest one first
  std::string bridge;               // the one that was left out; "": none
  std::string bridge_mac;           // what it has now; "": not known
  std::string problem;              // why there is no layout
  std::string remedy;

  [[nodiscard]] bool is_plain() const { return bonds.empty() && vlans.empty() && bridge.empty(); }
  /// The device that gets the addresses.
  [[nodiscard]] const detect::Link& top() const {
    return !vlans.empty() ? vlans.back() : !bonds.empty() ? bonds.front() : nics.front();
  }
};

[[nodiscard]] Layout layout_of(const detect::Network& network);

/// "VLAN 20 on bond0 (enp1s0, enp2s0)"
[[nodiscard]] std::string layout_text(const Layout& layout);

}  // namespace setup
