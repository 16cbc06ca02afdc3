// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// ELF files as small as tests need them.
namespace elf_maker {

/// A file of headers, strings and a dynamic section, in that order; the virtual addresses are 0x10000 above the
/// offsets.
struct Maker {
  struct Program {
    std::uint32_t type;
    std::uint32_t flags;
    std::uint64_t offset, size;
  };
  unsigned bits = 64;
  bool big = false;
  std::uint16_t type = ET_DYN;
  std::uint16_t machine = EM_X86_64;
  std::string interpreter;
  std::vector<std::pair<std::uint64_t, std::string>> texts;    // tag, string
  std::vector<std::pair<std::uint64_t, std::uint64_t>> plain;  // tag, value
  bool strings_last = false;                                   // in a segment of their own behind everything else
  bool table_last = false;                                     // the program headers behind everything else
  bool terminated = true;
  std::size_t padding = 0;  // of code, between the first segment and the dynamic section

  [[nodiscard]] std::size_t word() const { return bits / 8; }
  void put(std::string& out, std::uint64_t value, std::size_t width) const {
    for (std::size_t i = 0; i < width; ++i) {
      out += static_cast<char>(value >> (8 * (big ? width - 1 - i : i)) & 0xffU);
    }
  }
  void put_program(std::string& out, const Program& program) const {
    const auto address = program.offset + 0x10000;
    put(out, program.type, 4);
    if (bits == 64) put(out, program.flags, 4);
    for (const auto value : {program.offset, address, address, program.size, program.size}) put(out, value, word());
    if (bits == 32) put(out, program.flags, 4);
    put(out, 0x1000, word());
  }
  [[nodiscard]] std::string header(std::uint64_t table, std::size_t count) const {
    std::string out(ELFMAG);
    out += static_cast<char>(bits == 64 ? ELFCLASS64 : ELFCLASS32);
    out += static_cast<char>(big ? ELFDATA2MSB : ELFDATA2LSB);
    out += '\1';
    out.resize(EI_NIDENT, '\0');
    put(out, type, 2);
    put(out, machine, 2);
    put(out, 1, 4);
    put(out, 0, word());
    put(out, table, word());
    put(out, 0, word());
    put(out, 0, 4);
    put(out, bits == 64 ? 64 : 52, 2);
    put(out, bits == 64 ? 56 : 32, 2);
    put(out, count, 2);
    for (int i = 0; i < 3; ++i) put(out, 0, 2);
    return out;
  }
  [[nodiscard]] std::string make() const {
    const std::size_t entry = bits == 64 ? 56 : 32;
    const std::size_t head = bits == 64 ? 64 : 52;
    const std::size_t count = 4;  // PT_INTERP or PT_NULL, two PT_LOAD, PT_DYNAMIC
    std::string strings(1, '\0');
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
    for (const auto& [tag, text] : texts) {
      entries.emplace_back(tag, strings.size());
      strings += text + '\0';
    }
    std::string body(table_last ? 0 : entry * count, '\0');
    const auto at = [&] { return head + body.size(); };
    const auto interpreter_at = at();
    if (!interpreter.empty()) body += interpreter + '\0';
    auto strings_at = at();
    if (!strings_last) body += strings;
    const auto first_end = at();
    body.append(padding, '\x90');
    const auto dynamic_at = at();
    if (strings_last) strings_at = dynamic_at + (entries.size() + plain.size() + 3) * 2 * word();
    entries.insert(entries.end(), plain.begin(), plain.end());
    entries.emplace_back(DT_STRTAB, strings_at + 0x10000);
    entries.emplace_back(DT_STRSZ, strings.size());
    entries.emplace_back(terminated ? DT_NULL : DT_DEBUG, 0);
    for (const auto& [tag, value] : entries) {
      put(body, tag, word());
      put(body, value, word());
    }
    const auto dynamic_size = at() - dynamic_at;
    if (strings_last) body += strings;
    std::string table;
    put_program(table, {interpreter.empty() ? std::uint32_t{PT_NULL} : PT_INTERP, PF_R, interpreter_at,
                        interpreter.size() + 1});
    put_program(table, {PT_LOAD, PF_R | PF_X, 0, first_end});
    put_program(table, {PT_LOAD, PF_R | PF_W, dynamic_at, at() - dynamic_at});
    put_program(table, {PT_DYNAMIC, PF_R | PF_W, dynamic_at, dynamic_size});
    const auto table_at = table_last ? at() : head;
    if (table_last) {
      body += table;
    } else {
      body.replace(0, table.size(), table);
    }
    return header(table_at, count) + body;
  }
};

}  // namespace elf_maker
