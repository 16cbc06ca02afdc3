// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "initramfs/pe.hpp"

/// Sections lie in the file, and only what looks like a PE file has any.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto sections = initramfs::pe_sections(bytes, size);
    if (!initramfs::is_pe(bytes)) __builtin_trap();
    for (const auto& section : sections) {
      if (section.offset > size || section.size > size - section.offset) __builtin_trap();
      if (section.name.size() > 32) __builtin_trap();
    }
    if (initramfs::pe_sections(bytes, 0).size() != sections.size()) __builtin_trap();
  } catch (const base::Error&) {
    return 0;
  }
  return 0;
}
