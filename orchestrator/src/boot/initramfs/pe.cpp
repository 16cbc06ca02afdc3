// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/pe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace initramfs {
namespace {

constexpr std::size_t kPointer = 0x3c;  // where the MS-DOS header says where the PE header is
constexpr std::string_view kSignature("PE\0\0", 4);
constexpr std::size_t kFileHeader = 20;     // COFF, after the signature
constexpr std::size_t kSectionHeader = 40;  // an entry of the table, which follows the optional header
constexpr std::size_t kName = 8;
constexpr std::uint32_t kPe32 = 0x10b;
constexpr std::uint32_t kPe32Plus = 0x20b;
constexpr std::size_t kCertificateTable = 4;  // its number among the data directories

/// Little-endian, `width` bytes; the caller has checked that they are there.
std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// Where the COFF header begins; nothing if there is none in `head`.
std::optional<std::size_t> file_header(std::string_view head) {
  if (!head.starts_with("MZ") || head.size() < kPointer + 4) return std::nullopt;
  const std::size_t at = number(head, kPointer, 4);
  if (at >= head.size() || head.substr(at, kSignature.size()) != kSignature) return std::nullopt;
  return at + kSignature.size();
}

PeSection section_of(std::string_view entry, std::uint64_t file_size) {
  const auto name = entry.substr(0, kName);
  PeSection section;
  section.name = base::printable(name.substr(0, name.find('\0')));
  section.size = std::min(number(entry, 8, 4), number(entry, 16, 4));
  section.offset = number(entry, 20, 4);
  if (section.size == 0) section.offset = 0;  // means nothing then
  if (file_size > 0 && section.offset + section.size > file_size) {
    throw base::Error(fmt::format("its section \"{}\" ({} bytes at {}) lies outside the file, which has {} bytes",
                                  section.name, section.size, section.offset, file_size));
  }
  return section;
}

/// The entries of the section table.
std::vector<std::string_view> section_table(std::string_view head) {
  const auto header = file_header(head);
  if (!header) throw base::Error("it has no PE header in its first bytes");
  if (head.size() - *header < kFileHeader) throw base::Error("its PE header is cut off");
  const std::size_t count = number(head, *header + 2, 2);
  const std::size_t table = *header + kFileHeader + number(head, *header + 16, 2);
  if (table > head.size() || (head.size() - table) / kSectionHeader < count) {
    throw base::Error(
        fmt::format("its table of {} sections at {} does not lie in its first {} bytes", count, table, head.size()));
  }
  std::vector<std::string_view> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(head.substr(table + i * kSectionHeader, kSectionHeader));
  return out;
}

}  // namespace

bool is_pe(std::string_view head) { return file_header(head).has_value(); }

std::vector<PeSection> pe_sections(std::string_view head, std::uint64_t file_size) {
  std::vector<PeSection> sections;
  for (const auto entry : section_table(head)) sections.push_back(section_of(entry, file_size));
  return sections;
}

PeLayout pe_layout(std::string_view head, std::uint64_t file_size) {
  PeLayout out;
  for (const auto entry : section_table(head)) {
    const PeLayout::Stretch raw{number(entry, 20, 4), number(entry, 16, 4)};
    if (raw.size == 0) continue;
    if (raw.offset + raw.size > file_size) throw base::Error("a section lies outside the file");
    out.sections.push_back(raw);
  }
  std::ranges::sort(out.sections, {}, &PeLayout::Stretch::offset);
  for (std::size_t i = 1; i < out.sections.size(); ++i) {
    const auto& before = out.sections[i - 1];
    if (out.sections[i].offset < before.offset + before.size) throw base::Error("two of its sections overlap");
  }
  const auto optional = *file_header(head) + kFileHeader;
  if (head.size() < optional + 2) throw base::Error("its PE header is cut off");
  const auto magic = number(head, optional, 2);
  if (magic != kPe32 && magic != kPe32Plus) throw base::Error("its PE header is of a kind that is not known");
  const std::size_t count = optional + (magic == kPe32Plus ? 108 : 92);  // NumberOfRvaAndSizes
  const std::size_t entry = count + 4 + kCertificateTable * 8;
  if (head.size() < entry + 8) throw base::Error("its PE header is cut off");
  out.checksum = optional + 64;
  out.headers = number(head, optional + 60, 4);
  if (out.headers > file_size || out.headers < entry)
    throw base::Error("its headers do not have the size that they say");
  if (number(head, count, 4) <= kCertificateTable) return out;
  out.entry = entry;
  out.certificates = {number(head, entry, 4), number(head, entry + 4, 4)};
  if (out.certificates.size == 0) out.certificates.offset = 0;
  if (out.certificates.offset + out.certificates.size > file_size)
    throw base::Error("its certificate table lies outside the file: the file was cut off");
  return out;
}

}  // namespace initramfs
