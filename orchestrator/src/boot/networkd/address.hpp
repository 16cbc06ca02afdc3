// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace networkd {

/// An IPv4 or IPv6 address, and how many of its leading bits are the network's.
struct Prefix {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};
  unsigned length = 0;

  [[nodiscard]] unsigned longest() const { return v6 ? 128 : 32; }
  /// Whether an address is in this network.
  [[nodiscard]] bool covers(const Prefix& address) const;
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_link_local() const;
  /// An address at which others can reach the machine: not loopback, link-local or multicast.
  [[nodiscard]] bool is_reachable() const;
};

/// "192.0.2.5/24", "2001:db8::5"; nothing if networkd would not take it. Without a length it is one address.
[[nodiscard]] std::optional<Prefix> prefix_of(std::string_view text);
/// The same, without a length.
[[nodiscard]] std::optional<Prefix> address_of(std::string_view text);

[[nodiscard]] std::string text_of(const Prefix& prefix);  // with its length
[[nodiscard]] std::string address_text(const Prefix& prefix);

}  // namespace networkd
