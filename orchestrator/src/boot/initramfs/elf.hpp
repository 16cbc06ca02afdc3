// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a dynamic loader needs to know of a program or library (System V ABI, chapters 4 and 5), taken while the file
/// streams by: nothing is executed, and no more of the file is kept than its headers, its first segment, and where the
/// dynamic section says that its strings lie.
namespace initramfs {

/// Names and paths are bytes as they stand in the file, without NUL: base::printable before they are shown.
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

/// One file at a time: begin, feed its bytes in any pieces, finish. The result does not depend on the pieces. Of an
/// object that no loader loads (ET_REL, such as a kernel module) only class and machine are told.
class ElfProbe {
 public:
  void begin(std::uint64_t size);  // of the file
  void feed(std::string_view bytes);
  /// Nothing if it is no ELF file at all. To be called once.
  [[nodiscard]] std::optional<ElfFacts> finish();
  /// Whether bytes to come can change the result: false spares the caller the rest.
  [[nodiscard]] bool wants_more() const { return stage_ != Stage::foreign && stage_ != Stage::done; }

 private:
  enum class Stage { magic, ident, header, table, dynamic, strings, done, foreign };
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::size_t at = 0;  // where in kept_ it begins, once it is held
  };
  struct Segment {
    std::uint32_t type = 0;
    std::uint32_t flags = 0;
    std::uint64_t offset = 0;
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // in the file
  };

  void want(std::uint64_t begin, std::uint64_t length);  // as far as it lies in the file, and has not gone by
  void order_wanted();
  void keep(std::string_view bytes);
  [[nodiscard]] std::string_view held(std::uint64_t begin, std::uint64_t length) const;  // shorter where it is not held
  [[nodiscard]] std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) const;
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  [[nodiscard]] std::optional<std::string_view> text_at(std::string_view strings, std::uint64_t at) const;

  void advance();  // the bytes up to goal_ have gone by: what do they say
  void go_on(Stage stage, std::uint64_t goal);
  void read_ident();
  void read_header();
  void read_segments();
  void want_segments();
  void read_string_range();
  void read_interpreter();
  void read_strings();
  bool read_entry(std::uint64_t tag, std::uint64_t value, std::string_view strings);
  void fault(std::string_view what);

  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t goal_ = 0;
  Stage stage_ = Stage::foreign;
  ElfFacts facts_;
  std::size_t named_ = 0;  // bytes of all NEEDED
  std::uint64_t table_ = 0;
  std::uint64_t table_size_ = 0;
  Range dynamic_;
  Range interpreter_;
  Range strings_;
  // Emptied, not freed, between files.
  std::vector<Segment> segments_;
  std::vector<Range> wanted_;
  std::size_t next_wanted_ = 0;
  std::vector<Range> held_;
  std::string kept_;
};

}  // namespace initramfs
