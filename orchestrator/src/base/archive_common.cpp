// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/archive_common.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/text.hpp"

namespace base {

ArchiveHandle new_archive_reader() {
  ArchiveHandle reader(archive_read_new(), archive_read_free);
  if (!reader) throw Error("libarchive has no memory");
  return reader;
}

Error archive_error(archive* handle, const std::string& context) {
  const char* const why = archive_error_string(handle);
  return Error(context + ": " + (why != nullptr ? printable(why, 400) : "libarchive gives no reason"));
}

void require_archive_ok(int result, archive* handle, const std::string& context) {
  if (result != ARCHIVE_OK) throw archive_error(handle, context);
}

void ArchiveBudget::take(std::uint64_t bytes) {
  if (bytes > left_) throw Error(fmt::format("{}: unpacks to more than {}", context_, human_size(limit_)));
  left_ -= bytes;
}

std::string read_archive_data(archive* reader, ArchiveBudget& budget, const std::string& context) {
  std::string content;
  std::vector<char> buffer(std::size_t{1} << 16);
  for (;;) {
    const la_ssize_t count = archive_read_data(reader, buffer.data(), buffer.size());
    if (count < 0) throw archive_error(reader, context);
    if (count == 0) return content;
    budget.take(static_cast<std::uint64_t>(count));
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

archive_entry* next_archive_entry(archive* reader, ArchiveBudget& budget, const std::string& context) {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(reader, &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
    throw archive_error(reader, context);  // WARN: a name beyond the locale
  budget.take(512);
  return entry;
}

/// A name as its bytes; libarchive has none in the C locale when the archive says that it is UTF-8.
static std::string first_of(const char* bytes, const char* utf8) {
  if (bytes != nullptr) return bytes;
  return utf8 != nullptr ? utf8 : "";
}

std::string archive_path(archive_entry* entry) {
  std::string path = first_of(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
  if (path.size() > 1 && path.ends_with('/') && archive_entry_filetype(entry) == AE_IFDIR) path.pop_back();
  return path;
}

std::string archive_hard_link(archive_entry* entry) {
  return first_of(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
}

std::string archive_symlink(archive_entry* entry) {
  return first_of(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
}

}  // namespace base
