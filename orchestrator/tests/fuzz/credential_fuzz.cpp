// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "openssh/wire.hpp"
#include "seal/credential.hpp"

/// A credential is read, or it is said why not; what was read names registers that a TPM has. The bytes are taken as
/// they are, and as a file has them: in base64.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& text : {std::string(bytes), openssh::base64_encode(bytes, true)}) {
    const auto parsed = seal::parse_credential(text);
    if (parsed.credential.has_value() != parsed.why.empty()) __builtin_trap();
    if (!parsed.credential) continue;
    if (parsed.credential->policy().empty() || parsed.credential->pcrs >> 24U != 0) __builtin_trap();
    if (parsed.credential->pcrs != 0 &&
        seal::parse_pcrs(seal::text_of(parsed.credential->pcrs)) != parsed.credential->pcrs)
      __builtin_trap();
  }
  return 0;
}
