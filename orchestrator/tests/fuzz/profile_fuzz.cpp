// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "profile/load.hpp"

/// Whatever the bytes are, a profile is either loaded or has findings, and nothing is thrown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  profile::Loaded loaded;
  profile::load_text({reinterpret_cast<const char*>(data), size}, "debian.json", loaded);
  if (loaded.distributions.empty() && loaded.findings.empty()) __builtin_trap();
  profile::check_relations(loaded);
  return 0;
}
