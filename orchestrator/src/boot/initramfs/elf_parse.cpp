// SPDX-License-Identifier: GPL-3.0-or-later
#include <elf.h>

#include <algorithm>

#include "initramfs/elf.hpp"

/// The stages of a probe: each reads what has been kept so far, and says what is wanted of the rest.
namespace initramfs {
namespace {

constexpr std::uint64_t kTable = 64U * 1024U;  // of program headers, as the kernel has it (fs/binfmt_elf.c)
constexpr std::uint64_t kFirstSegment = 4U * 1024U * 1024U;   // what is kept of the first one
constexpr std::uint64_t kSmallSegment = 1024U * 1024U;        // what counts as small
constexpr std::uint64_t kSmallSegments = 4U * 1024U * 1024U;  // all the small ones
constexpr std::uint64_t kDynamic = 256U * 1024U;
constexpr std::uint64_t kStrings = 4U * 1024U * 1024U;
constexpr std::size_t kText = 4096;     // one string, as PATH_MAX
constexpr std::size_t kNeeded = 4096;   // names
constexpr std::size_t kNamed = 262144;  // bytes of all names: a table of strings may be told of again and again

// Where the fields lie, in the two classes.
struct Layout {
  std::size_t word;                                   // of an address or offset
  std::size_t header, phoff, phentsize, phnum;        // Elf*_Ehdr
  std::size_t entry, flags, offset, address, filesz;  // Elf*_Phdr
};
constexpr Layout kLayout32{4, 52, 28, 42, 44, 32, 24, 4, 8, 16};
constexpr Layout kLayout64{8, 64, 32, 54, 56, 56, 4, 8, 16, 32};

const Layout& layout_of(const ElfFacts& facts) { return facts.bits == 32 ? kLayout32 : kLayout64; }

std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

}  // namespace

std::uint64_t ElfProbe::number(std::string_view bytes, std::size_t at, std::size_t width) const {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (facts_.big_endian ? i : width - 1 - i)]);
    value = value << 8U | byte;
  }
  return value;
}

void ElfProbe::read_ident() {
  const auto ident = held(0, EI_NIDENT);
  const auto kind = ident[EI_CLASS];
  const auto order = ident[EI_DATA];
  if (kind != ELFCLASS32 && kind != ELFCLASS64) return fault("its class is neither 32 nor 64 bit");
  if (order != ELFDATA2LSB && order != ELFDATA2MSB) return fault("its byte order is neither little nor big");
  facts_.bits = kind == ELFCLASS32 ? 32 : 64;
  facts_.big_endian = order == ELFDATA2MSB;
  const auto length = layout_of(facts_).header;
  if (size_ < length) return fault("the file ends within its ELF header");
  wanted_.clear();
  want(EI_NIDENT, length - EI_NIDENT);
  order_wanted();
  go_on(Stage::header, length);
}

void ElfProbe::read_header() {
  const auto& layout = layout_of(facts_);
  const auto header = held(0, layout.header);
  const auto type = number(header, 16, 2);
  facts_.machine = static_cast<std::uint16_t>(number(header, 18, 2));
  if (type != ET_EXEC && type != ET_DYN) return go_on(Stage::done, 0);
  table_ = number(header, layout.phoff, layout.word);
  const auto count = number(header, layout.phnum, 2);
  if (count == 0) return fault("it has no program headers");
  if (number(header, layout.phentsize, 2) != layout.entry) return fault("its program headers are of another size");
  table_size_ = count * layout.entry;
  if (table_size_ > kTable) return fault("it has more program headers than the kernel reads");
  if (sum(table_, table_size_) > size_) return fault("its program headers lie outside the file");
  wanted_.clear();
  // They follow the header. Where they do not (patchelf), nobody knows yet what lies between, so that is kept, too.
  want(layout.header, std::min(table_, kFirstSegment));
  want(table_, table_size_);
  order_wanted();
  go_on(Stage::table, table_ + table_size_);
}

void ElfProbe::read_segments() {
  const auto& layout = layout_of(facts_);
  const auto table = held(table_, table_size_);
  if (table.size() != table_size_) return fault("its program headers lie outside the file");
  bool interpreter = false;
  Segment dynamic;
  for (std::size_t at = 0; at < table.size(); at += layout.entry) {
    const auto entry = table.substr(at, layout.entry);
    Segment segment;
    segment.type = static_cast<std::uint32_t>(number(entry, 0, 4));
    segment.flags = static_cast<std::uint32_t>(number(entry, layout.flags, 4));
    segment.offset = number(entry, layout.offset, layout.word);
    segment.address = number(entry, layout.address, layout.word);
    segment.size = number(entry, layout.filesz, layout.word);
    if (segment.type == PT_LOAD && segment.size > 0) segments_.push_back(segment);
    if (segment.type == PT_DYNAMIC) dynamic = segment;  // the last one, as ld.so has it
    if (segment.type == PT_INTERP && !interpreter) {    // the first one, as the kernel has it
      interpreter = true;
      interpreter_ = {segment.offset, sum(segment.offset, segment.size), 0};
    }
  }
  if (interpreter && interpreter_.end > size_) return fault("the interpreter's name lies outside the file");
  if (dynamic.type == PT_DYNAMIC) {
    facts_.dynamic = true;
    // A loader looks for it in memory; the offset is for those who only read.
    const auto begin = offset_of(dynamic.address).value_or(dynamic.offset);
    dynamic_ = {begin, sum(begin, dynamic.size), 0};
    if (dynamic_.end > size_) return fault("the dynamic section lies outside the file");
    dynamic_.end = std::min(dynamic_.end, sum(begin, kDynamic));
  }
  want_segments();
}

/// The strings come before the section that tells where they are. They lie in the first segment; a file that was edited
/// may have them in a small one elsewhere.
void ElfProbe::want_segments() {
  wanted_.clear();
  want(interpreter_.begin, std::min<std::uint64_t>(interpreter_.end - interpreter_.begin, kText));
  if (facts_.dynamic) {
    want(dynamic_.begin, dynamic_.end - dynamic_.begin);
    const auto first = std::min_element(segments_.begin(), segments_.end(),
                                        [](const Segment& a, const Segment& b) { return a.offset < b.offset; });
    if (first != segments_.end()) want(first->offset, std::min(first->size, kFirstSegment));
    std::uint64_t small = 0;
    for (const auto& segment : segments_) {
      if ((segment.flags & PF_X) != 0 || segment.size > kSmallSegment) continue;
      if (segment.offset > dynamic_.end) continue;  // by then it is known where they are
      small += segment.size;
      if (small > kSmallSegments) break;
      want(segment.offset, segment.size);
    }
  }
  order_wanted();
  go_on(Stage::dynamic, facts_.dynamic ? dynamic_.end : interpreter_.end);
}

/// An address to its offset in the file.
std::optional<std::uint64_t> ElfProbe::offset_of(std::uint64_t address) const {
  for (const auto& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.size) {
      return sum(segment.offset, address - segment.address);
    }
  }
  return std::nullopt;
}

void ElfProbe::read_string_range() {
  if (!facts_.dynamic) return go_on(Stage::strings, interpreter_.end);
  const auto entries = held(dynamic_.begin, dynamic_.end - dynamic_.begin);
  if (entries.size() != dynamic_.end - dynamic_.begin)
    return fault("the dynamic section comes before the program headers");
  const auto word = layout_of(facts_).word;
  std::optional<std::uint64_t> address;
  std::uint64_t size = UINT64_MAX;
  std::size_t at = 0;
  for (; at + 2 * word <= entries.size(); at += 2 * word) {
    const auto tag = number(entries, at, word);
    const auto value = number(entries, at + word, word);
    if (tag == DT_NULL) break;
    if (tag == DT_STRTAB) address = value;
    if (tag == DT_STRSZ) size = value;
  }
  if (at + 2 * word > entries.size()) return fault("the dynamic section has no end");
  dynamic_.end = dynamic_.begin + at;
  if (address) {
    const auto begin = offset_of(*address);
    if (!begin || *begin >= size_) return fault("the table of strings lies outside the file");
    strings_ = {*begin, std::min({sum(*begin, size), sum(*begin, kStrings), size_}), 0};
  }
  wanted_.clear();
  want(interpreter_.begin, std::min<std::uint64_t>(interpreter_.end - interpreter_.begin, kText));
  want(strings_.begin, strings_.end - strings_.begin);
  order_wanted();
  go_on(Stage::strings, wanted_.empty() ? position_ : wanted_.back().end);
}

std::optional<std::string_view> ElfProbe::text_at(std::string_view strings, std::uint64_t at) const {
  if (at >= strings.size()) return std::nullopt;
  const auto rest = strings.substr(static_cast<std::size_t>(at), kText + 1);
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

void ElfProbe::read_interpreter() {
  if (interpreter_.begin == interpreter_.end) return;
  const auto name = text_at(held(interpreter_.begin, interpreter_.end - interpreter_.begin), 0);
  if (!name) return fault("the interpreter's name has no end");
  facts_.interpreter = *name;
}

/// False where it cannot be read.
bool ElfProbe::read_entry(std::uint64_t tag, std::uint64_t value, std::string_view strings) {
  if (tag != DT_NEEDED && tag != DT_SONAME && tag != DT_RPATH && tag != DT_RUNPATH) return true;
  const auto text = text_at(strings, value);
  if (!text) return false;
  if (tag == DT_SONAME) facts_.soname = *text;
  if (tag == DT_RPATH) facts_.rpath = *text;
  if (tag == DT_RUNPATH) facts_.runpath = *text;
  if (tag == DT_NEEDED) facts_.needed.emplace_back(*text);
  if (tag == DT_NEEDED) named_ += text->size();
  return true;
}

void ElfProbe::read_strings() {
  stage_ = Stage::done;
  read_interpreter();
  if (!facts_.dynamic) return;
  const auto entries = held(dynamic_.begin, dynamic_.end - dynamic_.begin);
  const auto strings = held(strings_.begin, strings_.end - strings_.begin);
  const auto word = layout_of(facts_).word;
  for (std::size_t at = 0; at + 2 * word <= entries.size(); at += 2 * word) {
    if (!read_entry(number(entries, at, word), number(entries, at + word, word), strings)) {
      return fault("a name in the dynamic section lies outside the table of strings");
    }
    if (facts_.needed.size() > kNeeded || named_ > std::min<std::uint64_t>(kNamed, size_)) {
      return fault("it needs more libraries than this program reads");
    }
  }
}

}  // namespace initramfs
