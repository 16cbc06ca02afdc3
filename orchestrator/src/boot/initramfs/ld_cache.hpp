// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/image_files.hpp"

/// Where glibc's ldconfig(8) has found libraries: /etc/ld.so.cache (sysdeps/generic/dl-cache.h in glibc), and
/// /etc/ld.so.conf, from which it is made.
namespace initramfs {

struct LdCacheEntry {
  std::string_view name;  // "libc.so.6"
  std::string_view path;  // "/lib/x86_64-linux-gnu/libc.so.6"
  std::uint32_t flags = 0;
  bool baseline = true;  // false: a copy for some processors (glibc-hwcaps), which another one's loader passes over
};

class LdCache {
 public:
  /// The new format ("glibc-ld.so.cache1.1"), also behind the old one ("ld.so-1.7.0"), or the old one alone. Nothing
  /// for what the loader would not read either: another byte order, entries that lie outside. The entries are views
  /// into `bytes`; those whose strings lie outside are left out.
  [[nodiscard]] static std::optional<LdCache> parse(std::string_view bytes, bool big_endian);
  /// The one that the loader takes for a library of `program`'s kind on a processor without extras: the first of that
  /// name and kind. nullptr if there is none.
  [[nodiscard]] const LdCacheEntry* find(std::string_view name, const ElfFacts& program) const;
  [[nodiscard]] const std::vector<LdCacheEntry>& entries() const { return entries_; }

 private:
  std::vector<LdCacheEntry> entries_;  // sorted by name; those of one name in the file's order
};

/// The folders of /etc/ld.so.conf and of the files that it includes, without leading slash. At most 256 of them, from
/// at most 64 files.
[[nodiscard]] std::vector<std::string> ld_conf_folders(const Files& files);

/// A shell pattern of '*' and '?' for one name.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace initramfs
