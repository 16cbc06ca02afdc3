// SPDX-License-Identifier: GPL-3.0-or-later
#include "networkd/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace networkd {

bool Prefix::covers(const Prefix& address) const {
  if (v6 != address.v6) return false;
  for (unsigned bit = 0; bit < length; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if ((bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

bool Prefix::is_null() const {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool Prefix::is_link_local() const {
  return v6 ? bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80 : bytes[0] == 169 && bytes[1] == 254;
}

bool Prefix::is_reachable() const {
  if (is_null() || is_link_local()) return false;
  if (!v6) return bytes[0] != 127 && bytes[0] < 224;
  auto before_last = bytes;
  before_last[15] = 0;
  const bool loopback = bytes[15] == 1 && std::ranges::all_of(before_last, [](std::uint8_t byte) { return byte == 0; });
  return bytes[0] != 0xff && !loopback;
}

std::optional<Prefix> address_of(std::string_view text) {
  const std::string copy(text.substr(0, 64));
  Prefix out;
  out.v6 = copy.find(':') != std::string::npos;
  if (inet_pton(out.v6 ? AF_INET6 : AF_INET, copy.c_str(), out.bytes.data()) != 1) return std::nullopt;
  out.length = out.longest();
  return out;
}

std::optional<Prefix> prefix_of(std::string_view text) {
  const auto slash = text.find('/');
  auto out = address_of(text.substr(0, slash));
  if (!out || slash == std::string_view::npos) return out;
  const auto number = text.substr(slash + 1);
  const auto* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, out->length);
  if (read.ec != std::errc{} || read.ptr != end || out->length > out->longest()) return std::nullopt;
  return out;
}

std::string address_text(const Prefix& prefix) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const auto* const text = inet_ntop(prefix.v6 ? AF_INET6 : AF_INET, prefix.bytes.data(), buffer.data(), buffer.size());
  return text == nullptr ? "" : text;
}

std::string text_of(const Prefix& prefix) { return fmt::format("{}/{}", address_text(prefix), prefix.length); }

}  // namespace networkd
