// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "initramfs/elf.hpp"

/// Whatever the bytes are, the pieces that they come in make no difference, and what is told is not more than the file
/// has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{1} + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  static initramfs::ElfProbe probe;  // one for all files, as in an image
  probe.begin(bytes.size());
  probe.feed(bytes);
  const auto whole = probe.finish();
  probe.begin(bytes.size());
  for (std::size_t at = 0; at < bytes.size() && probe.wants_more(); at += piece) probe.feed(bytes.substr(at, piece));
  if (probe.finish() != whole) __builtin_trap();
  if (whole.has_value() && !bytes.starts_with("\177ELF")) __builtin_trap();
  if (!whole) return 0;
  std::size_t named = 0;
  for (const auto& each : whole->needed) named += each.size();
  if (named > bytes.size() + 4096) __builtin_trap();
  if (!whole->dynamic && !whole->needed.empty()) __builtin_trap();
  // A size that was promised and does not come, or one that is exceeded.
  probe.begin(bytes.size() * 2);
  probe.feed(bytes);
  (void)probe.finish();
  probe.begin(bytes.size() / 2);
  probe.feed(bytes);
  (void)probe.finish();
  return 0;
}
