// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "detect/host_source.hpp"

/// ISC's DHCP client, dhclient(8).
namespace detect {

/// How it names itself to DHCPv4 servers.
struct DhclientIdentity {
  bool runs = false;       // for this interface
  bool by_duid = false;    // -i (or -D): RFC 4361, an IAID and a DUID; else it sends no client identifier at all
  std::string duid;        // hexadecimal digits, RFC 8415 section 11; "": not known
  std::uint32_t iaid = 0;  // the last four octets of the hardware address
};

/// By /run/dhclient.DEVICE.pid, as ifupdown has it written, the process's arguments, and default-duid of its file of
/// leases (dhclient.leases(5)).
[[nodiscard]] DhclientIdentity read_dhclient(const Source& source, const std::string& device, const std::string& mac);

/// The value of the last line `default-duid "..."`, as hexadecimal digits; "" if there is none that is a DUID. What is
/// no printable character stands there as a backslash and three octal digits.
[[nodiscard]] std::string default_duid(const std::string& leases);

}  // namespace detect
