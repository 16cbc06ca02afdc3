// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/ld_cache.hpp"

#include <elf.h>

#include <algorithm>

namespace initramfs {
namespace {

constexpr std::string_view kOldMagic = "ld.so-1.7.0";
constexpr std::string_view kNewMagic = "glibc-ld.so.cache1.1";
constexpr std::size_t kOldHeader = 16, kOldEntry = 12;
constexpr std::size_t kNewHeader = 48, kNewEntry = 24;
constexpr std::size_t kText = 4096;
constexpr std::size_t kEntries = 65536;

std::uint32_t number(std::string_view bytes, std::size_t at, bool big) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + (big ? i : 3 - i)]);
  return value;
}

std::optional<std::string_view> text_at(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const auto rest = bytes.substr(at, kText);
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

/// How many entries there are; nothing if they do not fit into the file.
std::optional<std::size_t> count_of(std::string_view bytes, std::size_t header, std::size_t entry, std::size_t at,
                                    bool big) {
  if (bytes.size() < header) return std::nullopt;
  const std::size_t count = number(bytes, at, big);
  if ((bytes.size() - header) / entry < count || count > kEntries) return std::nullopt;
  return count;
}

/// `bytes` begins with a new header, which its strings are counted from.
bool read_new(std::string_view bytes, bool big, std::vector<LdCacheEntry>& entries) {
  const auto count = count_of(bytes, kNewHeader, kNewEntry, kNewMagic.size(), big);
  if (!count) return false;
  // The byte order: 0 was written before there was a flag for it, 2 is little, 3 big.
  const auto order = static_cast<unsigned char>(bytes[28]) & 3U;
  if (order != 0 && order != (big ? 3U : 2U)) return false;
  for (std::size_t i = 0; i < *count; ++i) {
    const auto at = kNewHeader + i * kNewEntry;
    const auto name = text_at(bytes, number(bytes, at + 4, big));
    const auto path = text_at(bytes, number(bytes, at + 8, big));
    if (!name || !path) continue;
    const bool baseline = number(bytes, at + 16, big) == 0 && number(bytes, at + 20, big) == 0;  // 64 bits of hwcap
    entries.push_back({*name, *path, number(bytes, at, big), baseline});
  }
  return true;
}

/// Here the strings are counted from the end of the entries.
void read_old(std::string_view bytes, std::size_t count, bool big, std::vector<LdCacheEntry>& entries) {
  const auto strings = bytes.substr(kOldHeader + count * kOldEntry);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = kOldHeader + i * kOldEntry;
    const auto name = text_at(strings, number(bytes, at + 4, big));
    const auto path = text_at(strings, number(bytes, at + 8, big));
    if (name && path) entries.push_back({*name, *path, number(bytes, at, big), true});
  }
}

/// FLAG_* of dl-cache.h: which loader an entry is for. A machine that has several kinds, which only e_flags tells
/// apart, is not looked at closely.
bool is_for(std::uint32_t flags, const ElfFacts& program) {
  constexpr std::uint32_t kLibc6 = 3;
  if ((flags & 0xffU) != kLibc6) return false;
  const auto kind = flags & 0xff00U;
  switch (program.machine) {
    case EM_X86_64:
      return kind == (program.bits == 64 ? 0x0300U : 0x0800U);
    case EM_386:
      return kind == 0;
    case EM_AARCH64:
      return kind == 0x0a00U;
    case EM_S390:
      return kind == (program.bits == 64 ? 0x0400U : 0U);
    case EM_PPC64:
      return kind == 0x0500U;
    case EM_PPC:
      return kind == 0;
    default:
      return true;
  }
}

}  // namespace

std::optional<LdCache> LdCache::parse(std::string_view bytes, bool big_endian) {
  LdCache cache;
  if (bytes.starts_with(kNewMagic)) {
    if (!read_new(bytes, big_endian, cache.entries_)) return std::nullopt;
  } else if (bytes.starts_with(kOldMagic)) {
    const auto count = count_of(bytes, kOldHeader, kOldEntry, 12, big_endian);
    if (!count) return std::nullopt;
    auto behind = kOldHeader + *count * kOldEntry;
    // The new one is aligned to its 64-bit field, which i386 aligns to 4.
    const auto aligned = (behind + 7) / 8 * 8;
    if (bytes.substr(std::min(aligned, bytes.size())).starts_with(kNewMagic)) behind = aligned;
    if (bytes.substr(behind).starts_with(kNewMagic)) {
      if (!read_new(bytes.substr(behind), big_endian, cache.entries_)) return std::nullopt;
    } else {
      read_old(bytes, *count, big_endian, cache.entries_);
    }
  } else {
    return std::nullopt;
  }
  std::stable_sort(cache.entries_.begin(), cache.entries_.end(),
                   [](const LdCacheEntry& a, const LdCacheEntry& b) { return a.name < b.name; });
  return cache;
}

const LdCacheEntry* LdCache::find(std::string_view name, const ElfFacts& program) const {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), name,
                             [](const LdCacheEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  for (; at != entries_.end() && at->name == name; ++at) {
    if (at->baseline && is_for(at->flags, program)) return &*at;
  }
  return nullptr;
}

}  // namespace initramfs
