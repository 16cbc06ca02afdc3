// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The sections of a unified kernel image (UKI): a PE file whose .linux, .initrd, .cmdline and the like are what a boot
/// loader would have handed over (UAPI group, UKI specification; Microsoft PE format, "Section Table").
namespace initramfs {

struct PeSection {
  std::string name;          // ".initrd"; the eight bytes as they stand, printable
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;    // of what is meant: the smaller of VirtualSize and SizeOfRawData, as the stub has it
};

/// Where a PE file keeps what its signature leaves out (Microsoft, "Windows Authenticode Portable Executable Signature
/// Format"), and what it hashes.
struct PeLayout {
  struct Stretch {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  std::uint64_t checksum = 0;     // four bytes there
  std::uint64_t entry = 0;        // of the certificate table, eight bytes, in the data directories; 0: none
  std::uint64_t headers = 0;      // SizeOfHeaders
  std::vector<Stretch> sections;  // raw data, in the order of their offsets
  Stretch certificates;           // the certificate table; size 0: the file has no signature
};

/// How many bytes from the file's beginning `pe_sections` wants at most.
inline constexpr std::size_t kPeHead = 64U * 1024U;

[[nodiscard]] bool is_pe(std::string_view head);
/// In the order of the table. base::Error where a header is broken, lies outside `head`, or a section outside the file
/// of `file_size` bytes (0: not known).
[[nodiscard]] std::vector<PeSection> pe_sections(std::string_view head, std::uint64_t file_size);

/// base::Error as above.
[[nodiscard]] PeLayout pe_layout(std::string_view head, std::uint64_t file_size);

}  // namespace initramfs
