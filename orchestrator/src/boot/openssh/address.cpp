// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/text.hpp"
#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr std::size_t kLongest = 63;  // addr_pton_cidr: a longer one is no address

struct Network {
  Address address;
  unsigned bits = 0;
};

enum class Cidr { good, none, inconsistent };

/// Whether all bits behind the first `bits` are zero.
bool is_network(const Address& address, unsigned bits) {
  const unsigned size = address.v6 ? 128 : 32;
  for (unsigned bit = bits; bit < size; ++bit)
    if ((address.bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return false;
  return true;
}

bool is_within(const Address& address, const Network& network) {
  if (address.v6 != network.address.v6) return false;
  for (unsigned bit = 0; bit < network.bits; ++bit) {
    const auto mask = 0x80U >> (bit % 8);
    if ((address.bytes[bit / 8] & mask) != (network.address.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

Cidr parse_network(std::string_view text, Network& out) {
  if (text.size() > kLongest) return Cidr::none;
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  unsigned bits = 0;
  if (slash != std::string_view::npos) {
    const auto mask = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), bits);
    if (error != std::errc() || end != mask.data() + mask.size() || bits > 128) return Cidr::none;
  }
  if (!address) return Cidr::none;
  const unsigned size = address->v6 ? 128 : 32;
  if (slash == std::string_view::npos) bits = size;
  if (bits > size || !is_network(*address, bits)) return Cidr::inconsistent;
  out = {*address, bits};
  return Cidr::good;
}

AddressMatch match(std::string_view text, std::string_view list) {
  const auto address = parse_address(text);
  if (!text.empty() && !address) return AddressMatch::none;
  if (list.empty()) return AddressMatch::invalid;
  AddressMatch out = AddressMatch::none;
  for (const auto& item : base::split(list, ',')) {
    const bool negated = item.starts_with('!');
    const auto pattern = std::string_view(item).substr(negated ? 1 : 0);
    if (pattern.empty()) return AddressMatch::invalid;
    Network network;
    const auto kind = parse_network(pattern, network);
    if (kind == Cidr::inconsistent) return AddressMatch::invalid;
    if (!address) continue;
    if (!(kind == Cidr::good ? is_within(*address, network) : matches(text, pattern))) continue;
    if (negated) return AddressMatch::denied;
    out = AddressMatch::matched;
  }
  return out;
}

/// An address that a pattern like "192.168.*" or "10.0.0.?" fits; nothing if there is none.
std::optional<Address> address_like(std::string_view pattern) {
  for (const std::string_view star : {"1", "1.1", "1.1.1", "1.1.1.1", "1::1", "::1"}) {
    std::string text;
    for (const char c : pattern) {
      if (c == '*')
        text += star;
      else
        text += c == '?' ? '1' : c;
    }
    if (text.size() > kLongest) continue;
    const auto address = parse_address(text);
    if (address && matches(text_of(*address), pattern)) return address;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  const std::string whole(text);
  Address out;
  in_addr four{};
  // getaddrinfo(3) with AI_NUMERICHOST takes what inet_aton(3) takes, which allows blanks behind.
  if (text.find_first_not_of("0123456789abcdefABCDEFxX.") == std::string_view::npos &&
      inet_aton(whole.c_str(), &four) == 1) {
    std::memcpy(out.bytes.data(), &four, sizeof four);
    return out;
  }
  if (inet_pton(AF_INET6, whole.c_str(), out.bytes.data()) != 1) return std::nullopt;
  out.v6 = true;
  return out;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool is_loopback(const Address& address) {
  if (!address.v6) return address.bytes[0] == 127;
  return std::all_of(address.bytes.begin(), address.bytes.end() - 1, [](unsigned char byte) { return byte == 0; }) &&
         address.bytes.back() == 1;
}

AddressMatch match_addresses(std::string_view address, std::string_view list) { return match(address, list); }

bool is_address_list(std::string_view list) { return match("", list) != AddressMatch::invalid; }

AddressMatch match_host_and_address(std::string_view host, std::string_view address, std::string_view list) {
  const auto by_address = match_addresses(address, list);
  if (by_address == AddressMatch::invalid || by_address == AddressMatch::denied) return by_address;
  const auto by_name = match_list(lower(host), lower(list));
  if (by_name == ListMatch::denied) return AddressMatch::denied;
  return by_name == ListMatch::matched ? AddressMatch::matched : by_address;
}

std::vector<std::string> addresses_in(std::string_view list) {
  std::vector<std::string> out;
  for (const auto& item : base::split(list, ',')) {
    const auto pattern = std::string_view(item).substr(item.starts_with('!') ? 1 : 0);
    Network network;
    if (parse_network(pattern, network) != Cidr::good) {
      if (const auto address = address_like(pattern)) out.push_back(text_of(*address));
      continue;
    }
    const unsigned size = network.address.v6 ? 128 : 32;
    auto first = network.address;
    auto& low = first.bytes[size / 8 - 1];
    if (network.bits + 1 < size) low = static_cast<unsigned char>(low | 1U);
    out.push_back(text_of(first));
    auto last = network.address;
    for (unsigned bit = network.bits; bit + 1 < size; ++bit)
      last.bytes[bit / 8] = static_cast<unsigned char>(last.bytes[bit / 8] | (0x80U >> (bit % 8)));
    if (last != first) out.push_back(text_of(last));
  }
  return out;
}

}  // namespace openssh
