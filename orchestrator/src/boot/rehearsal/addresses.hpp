// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rehearsal/plan.hpp"

namespace rehearsal {

/// An IPv4 address that a configuration gives, with its network.
struct StaticAddress {
  std::string address;
  unsigned prefix = 24;
  std::string gateway;  // "" if none is given
  bool operator==(const StaticAddress&) const = default;
};

/// What `ip=` on the command line (dracut.cmdline(7)), networkd's *.network files or NetworkManager's profiles say;
/// nothing where the address comes by DHCP.
[[nodiscard]] std::optional<StaticAddress> static_address(const inspect::Facts& facts);

/// Lays the virtual machine's network around the address that the image will have; its nic gets the name and the
/// hardware address of the machine's own, where the image is compared with one.
void give_address(const inspect::Facts& facts, Plan& plan);

/// For tests: of a network, the gateway, and the one that qemu's name server gets, which is neither of the others.
[[nodiscard]] bool lay_network(vm::UserNetwork& network, const StaticAddress& address);

[[nodiscard]] std::optional<std::uint32_t> ipv4_of(std::string_view text);

}  // namespace rehearsal
