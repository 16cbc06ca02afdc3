// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

/// The program that configures a network interface of the running system.
struct InterfaceManager {
  std::string name;               // as Network::manager
  std::string configured_by;      // as Network::configured_by
  std::string client_identifier;  // as Network::client_identifier
  std::string duid;               // as Network::duid
  std::optional<std::uint32_t> iaid;
  bool dhcp4 = false;  // its configuration says that IPv4 comes by DHCP, which not every client tells the kernel
};

/// `index` is the kernel's number of the interface, `mac` what it has now.
[[nodiscard]] InterfaceManager manager_of(const Source& source, const std::string& device, unsigned index,
                                          const std::string& mac, std::vector<std::string>& faults);

}  // namespace detect
