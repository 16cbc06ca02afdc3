// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "initramfs/der.hpp"
#include "initramfs/pe.hpp"
#include "initramfs/signature_list.hpp"

namespace {

/// Elements of DER and entries of signature lists lie in the bytes that they were read from.
void read_certificates(std::string_view bytes) {
  const auto is_inside = [&](std::string_view part) {
    return part.data() >= bytes.data() && part.data() + part.size() <= bytes.data() + bytes.size();
  };
  for (const auto& element : initramfs::der_list(bytes)) {
    if (!is_inside(element.whole) || !is_inside(element.content)) __builtin_trap();
  }
  if (const auto certificate = initramfs::certificate_of(bytes)) {
    if (!is_inside(certificate->key) || !is_inside(certificate->subject)) __builtin_trap();
    (void)initramfs::name_in(certificate->subject);
  }
  for (const auto& each : initramfs::certificates_in(bytes)) {
    if (each.size() > bytes.size()) __builtin_trap();
  }
  (void)initramfs::certificates_of_file(bytes);
}

}  // namespace

/// Sections lie in the file, and only what looks like a PE file has any; so do its signatures.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_certificates(bytes);
  try {
    const auto layout = initramfs::pe_layout(bytes, size);
    if (layout.certificates.offset + layout.certificates.size > size || layout.headers > size) __builtin_trap();
    for (const auto& section : layout.sections) {
      if (section.offset + section.size > size) __builtin_trap();
    }
  } catch (const base::Error&) {
    // said
  }
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
