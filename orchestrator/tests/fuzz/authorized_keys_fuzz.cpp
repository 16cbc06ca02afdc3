// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/authorized_keys.hpp"
#include "openssh/certificate.hpp"
#include "openssh/revoked.hpp"

/// A line has a key, or a fault that says why not; faults are safe to print; addresses that its from= tells apart are
/// addresses. The same bytes are read as a certificate, and as a list of revoked keys.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  unsigned last = 0;
  for (const auto& line : openssh::parse_authorized_keys(text, 1795000000)) {
    if (line.number <= last) __builtin_trap();
    last = line.number;
    if (!line.key && line.fault.empty()) __builtin_trap();
    if (base::printable(line.fault, 4096) != line.fault) __builtin_trap();
    if (const auto from = line.from()) {
      for (const auto& address : openssh::addresses_in(*from))
        if (!openssh::parse_address(address)) __builtin_trap();
      (void)openssh::match_host_and_address("host", "10.0.0.1", *from);
    }
    if (!line.key) continue;
    if (line.key->bits == 0 || openssh::fingerprint(*line.key).size() != 50) __builtin_trap();
    const auto again = openssh::parse_blob(line.key->blob, line.key->type);
    if (!again.key || !(*again.key == *line.key)) __builtin_trap();
  }
  const openssh::RevokedKeys revoked(text);
  openssh::PublicKey some;
  some.type = "ssh-ed25519";
  if (revoked.is_broken() && !revoked.revokes(some)) __builtin_trap();
  const auto parsed = openssh::parse_certificate(text);
  if (parsed.certificate.has_value() == !parsed.why.empty()) __builtin_trap();
  if (parsed.certificate && openssh::fingerprint(parsed.certificate->key).empty()) __builtin_trap();
  return 0;
}
