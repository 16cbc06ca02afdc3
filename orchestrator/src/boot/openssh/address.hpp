// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Lists of addresses as sshd matches them: from= of authorized_keys, Match Address, AllowUsers USER@HOST (addr.c,
/// addrmatch.c and match.c; ssh_config(5), PATTERNS).
namespace openssh {

/// Of a client or of the machine itself.
struct Address {
  std::array<unsigned char, 16> bytes{};  // an IPv4 address has the first four
  bool v6 = false;
  bool operator==(const Address&) const = default;
};

/// "10.0.0.1", "2001:db8::1"; nothing for what is none.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
[[nodiscard]] std::string text_of(const Address& address);
[[nodiscard]] bool is_loopback(const Address& address);

/// What a list of addresses, networks and patterns says of one address.
enum class AddressMatch {
  none,
  matched,
  denied,   // a pattern behind a '!' matches
  invalid,  // a network whose address has bits behind the mask, or an empty item: it spoils the whole list
};

/// The list's items in order, as far as sshd reads them: a denied or invalid one ends it.
[[nodiscard]] AddressMatch match_addresses(std::string_view address, std::string_view list);
/// Whether no item is invalid, as sshd asks when it reads its configuration.
[[nodiscard]] bool is_address_list(std::string_view list);

/// from= and the part of AllowUsers behind the '@': the address, or else the name that the client has (which is its
/// address, unless UseDNS is on and somebody answers).
[[nodiscard]] AddressMatch match_host_and_address(std::string_view host, std::string_view address,
                                                  std::string_view list);

/// Addresses that a list may tell apart from others: of each network the first and the last ones, of each pattern one
/// that fits. Nothing for a name.
[[nodiscard]] std::vector<std::string> addresses_in(std::string_view list);

}  // namespace openssh
