// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "remote/key_look.hpp"
#include "watch/beacon.hpp"
#include "watch/identification.hpp"
#include "watch/resolver.hpp"

/// Whatever hosts, beacons and tools send, `watch` reads it within bounds, and the same in pieces as in one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  watch::Identification whole;
  watch::Identification pieces;
  const auto found = whole.add(bytes);
  auto last = watch::Identification::Found::more;
  for (std::size_t at = 0; at < size; ++at) last = pieces.add(bytes.substr(at, 1));
  if (last != found || whole.line() != pieces.line()) __builtin_trap();
  if ((found == watch::Identification::Found::line) != whole.line().starts_with("SSH-")) __builtin_trap();
  if (whole.line().size() > 254 || whole.line().find('\n') != std::string::npos) __builtin_trap();

  if (const auto beacon = watch::parse_beacon(bytes)) {
    if (beacon->signed_line + beacon->signature != bytes || size > watch::kLongestBeacon) __builtin_trap();
    if (beacon->name.empty() || beacon->name.starts_with('-') || beacon->boot.size() != 36 || beacon->number == 0)
      __builtin_trap();
    for (const auto byte : beacon->name)
      if (byte <= ' ' || byte == '*' || byte == '?' || byte == ',' || byte == '"' || byte > '~') __builtin_trap();
  }

  const std::set<std::string> ids{"h1", "h2"};
  for (const auto& [id, keys] : remote::parse_shown(bytes, ids))
    if (!ids.contains(id) || keys.empty()) __builtin_trap();
  if (watch::parse_ahosts(bytes).size() > 8) __builtin_trap();
  return 0;
}
