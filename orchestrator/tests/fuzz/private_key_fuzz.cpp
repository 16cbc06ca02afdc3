// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "openssh/private_key.hpp"
#include "openssh/version.hpp"

/// A private key can be used, or it is said why not; one that can be used has a public part.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto key = openssh::read_private(text);
  if (key.why.empty() && (key.encrypted || !key.public_part || key.format.empty())) __builtin_trap();
  if (key.public_part && openssh::fingerprint(*key.public_part).size() != 50) __builtin_trap();
  (void)openssh::version_in(text);
  return 0;
}
