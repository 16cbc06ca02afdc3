// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace vm {

/// What a nic has said, as far as it tells how the guest gets its address.
struct GuestTraffic {
  bool any = false;      // the nic sent something: its driver is there, and somebody has set it up
  bool asked = false;    // a DHCP request went out (RFC 2131)
  std::string given;     // the address that a DHCP server has acknowledged, or ""
  bool speaks = false;   // it sent something from `address`, or says that it has it (ARP, RFC 826)
  bool answers = false;  // TCP from `address`: what is sent to it arrives
  bool tagged = false;   // frames of a VLAN (IEEE 802.1Q): nobody is there to hear them
  std::string other;     // an IPv4 address that it speaks from, where that is another one
};

/// Reads a capture (pcap(5), Ethernet) as far as it is written. `mac` is the guest's nic's, `address` the one that is
/// expected.
[[nodiscard]] GuestTraffic parse_capture(std::string_view capture, const std::string& mac, const std::string& address);

}  // namespace vm
