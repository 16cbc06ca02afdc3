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

/// How many bytes from the file's beginning `pe_sections` wants at most.
inline constexpr std::size_t kPeHead = 64U * 1024U;

[[nodiscard]] bool is_pe(std::string_view head);
/// In the order of the table. base::Error where a header is broken, lies outside `head`, or a section outside the file
/// of `file_size` bytes (0: not known).
[[nodiscard]] std::vector<PeSection> pe_sections(std::string_view head, std::uint64_t file_size);

}  // namespace initramfs
