// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a dynamic loader needs to know of a program or library (System V ABI, chapters 4 and 5), taken while the file
/// streams by: nothing is executed, and no more of the file is kept than its headers and its first segment.
namespace initramfs {

struct ElfFacts {
  unsigned bits = 64;  // 32 or 64
  bool big_endian = false;
  std::uint16_t machine = 0;  // e_machine: 62 is x86-64, 183 aarch64
  bool dynamic = false;       // has a PT_DYNAMIC
  std::string interpreter;    // PT_INTERP, or ""
  std::string soname;
  std::string rpath;
  std::string runpath;
  std::vector<std::string> needed;
  std::string fault;  // why the rest could not be told ("the dynamic section lies outside the file"), or ""
  bool operator==(const ElfFacts&) const = default;
};

/// One file at a time: begin, feed its bytes in any pieces, finish.
class ElfProbe {
 public:
  void begin(std::uint64_t size);  // of the file
  void feed(std::string_view bytes);
  /// Nothing if it is no ELF file at all.
  [[nodiscard]] std::optional<ElfFacts> finish();
  /// Whether the bytes so far can be those of an ELF file: false spares the caller the rest.
  [[nodiscard]] bool wants_more() const;

 private:
  std::uint64_t size_ = 0;
  std::string kept_;
};

}  // namespace initramfs
