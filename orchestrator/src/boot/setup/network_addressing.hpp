// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "setup/network_layout.hpp"

namespace setup {

struct PlannedRoute {
  bool v6 = false;
  std::string gateway;   // of either family; "": on the link itself
  bool on_link = false;  // it has to be said that the gateway is on the link: no address's network has it
};

/// What the top device gets. All text is checked, and in its shortest form.
struct Addressing {
  bool dhcp4 = false;
  bool dhcp6 = false;
  bool advertisements = false;
  std::vector<detect::IpAddress> fixed;
  std::vector<PlannedRoute> routes;  // the default routes that nothing else brings, at most one of each family
  std::vector<std::string> dns;
  std::uint32_t mtu = 0;  // bytes; 0: as the device has it by itself
  std::string problem;
  std::string remedy;
  std::vector<std::string> notes;

  [[nodiscard]] bool has_fixed(bool v6) const;
};

[[nodiscard]] Addressing addressing_of(const detect::Network& network, const Layout& layout);

/// "DHCP", "192.0.2.10/24 via 192.0.2.1"
[[nodiscard]] std::string addressing_text(const Addressing& addressing);

}  // namespace setup
