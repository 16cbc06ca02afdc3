// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detect/network_state.hpp"

/// What `ip -json` of iproute2 prints: ip-link(8), ip-address(8), ip-route(8). Each function takes the output as it
/// came. What has another type or value than it should have counts as not there; what cannot be used is said in
/// `faults`.
namespace detect {

struct KernelLink {
  Link link;           // without what sysfs and udev know
  std::string master;  // of which it is a port; "": none
  unsigned index = 0;
};

/// `ip -json -details link show`: links by the kernel's order, each name once.
[[nodiscard]] std::vector<KernelLink> links_of_json(const std::string& text, std::vector<std::string>& faults);

struct DeviceAddress {
  std::string device;
  IpAddress address;
};

/// `ip -json address show`: those of global scope.
[[nodiscard]] std::vector<DeviceAddress> addresses_of_json(const std::string& text, std::vector<std::string>& faults);

/// `ip -json -4 route show default` or -6: lowest metric first. Of several next hops each is one route.
[[nodiscard]] std::vector<DefaultRoute> routes_of_json(const std::string& text, bool v6,
                                                       std::vector<std::string>& faults);

/// `ip -json route get ADDRESS`; nothing if no route leads there.
[[nodiscard]] std::optional<DefaultRoute> route_of_json(const std::string& text, std::vector<std::string>& faults);

/// "52:54:00:12:34:56", lower case, of one network interface; "" for anything else.
[[nodiscard]] std::string mac_of(std::string_view text);

}  // namespace detect
