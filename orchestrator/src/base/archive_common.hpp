// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"

/// libarchive with owners and exceptions. For archive_*.cpp alone: no other file includes libarchive's headers.
namespace base {

using ArchiveHandle = std::unique_ptr<archive, int (*)(archive*)>;
using ArchiveEntry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

[[nodiscard]] ArchiveHandle new_archive_reader();
[[nodiscard]] Error archive_error(archive* handle, const std::string& context);
void require_archive_ok(int result, archive* handle, const std::string& context);

/// Bytes unpacked so far; what an archive claims is not believed.
class ArchiveBudget {
 public:
  ArchiveBudget(std::uint64_t limit, std::string context) : limit_(limit), left_(limit), context_(std::move(context)) {}
  void take(std::uint64_t bytes);

 private:
  std::uint64_t limit_, left_;
  std::string context_;
};

/// The content of the entry that was read last.
[[nodiscard]] std::string read_archive_data(archive* reader, ArchiveBudget& budget, const std::string& context);
/// The next entry, or null at the end. An entry counts as a block of tar, so that a flood of empty ones has an end too.
[[nodiscard]] archive_entry* next_archive_entry(archive* reader, ArchiveBudget& budget, const std::string& context);

[[nodiscard]] std::string archive_path(archive_entry* entry);       // a folder's without its slash
[[nodiscard]] std::string archive_hard_link(archive_entry* entry);  // "": none
[[nodiscard]] std::string archive_symlink(archive_entry* entry);

}  // namespace base
