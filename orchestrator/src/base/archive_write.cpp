// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "base/archive.hpp"
#include "base/archive_common.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace base {
namespace {

la_ssize_t append(archive*, void* target, const void* bytes, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

void write_entry(archive* writer, const std::string& path, const SourceFile* file, std::int64_t epoch) {
  const std::string context = "packing " + printable(path, 400);
  const ArchiveEntry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), file == nullptr ? (path + "/").c_str() : path.c_str());
  archive_entry_set_filetype(entry.get(), file == nullptr ? AE_IFDIR : AE_IFREG);
  archive_entry_set_perm(entry.get(), file == nullptr ? 0755 : static_cast<mode_t>(file->mode & 07777U));
  archive_entry_set_size(entry.get(), file == nullptr ? 0 : static_cast<la_int64_t>(file->content.size()));
  archive_entry_set_mtime(entry.get(), static_cast<time_t>(epoch), 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  archive_entry_set_uname(entry.get(), "root");
  archive_entry_set_gname(entry.get(), "root");
  require_archive_ok(archive_write_header(writer, entry.get()), writer, context);
  if (file == nullptr || file->content.empty()) return;
  const la_ssize_t count = archive_write_data(writer, file->content.data(), file->content.size());
  if (count != static_cast<la_ssize_t>(file->content.size())) throw archive_error(writer, context);
}

}  // namespace

std::string tar_gz(const SourceTree& tree, std::string_view top, std::int64_t epoch) {
  const std::string context = "making the archive " + printable(top, 400);
  if (!top.empty() && (!is_safe_relative(top) || top.find('/') != std::string_view::npos))
    throw Error(context + ": is not a folder name");
  const std::string prefix = top.empty() ? "" : std::string(top) + "/";
  std::string packed;
  const ArchiveHandle writer(archive_write_new(), archive_write_free);
  if (!writer) throw Error("libarchive has no memory");
  require_archive_ok(archive_write_set_format_ustar(writer.get()), writer.get(), context);
  require_archive_ok(archive_write_add_filter_gzip(writer.get()), writer.get(), context);
  require_archive_ok(archive_write_set_options(writer.get(), "gzip:!timestamp,gzip:compression-level=6"), writer.get(),
                     context);
  require_archive_ok(archive_write_set_bytes_in_last_block(writer.get(), 1), writer.get(), context);
  require_archive_ok(archive_write_open(writer.get(), &packed, nullptr, append, nullptr), writer.get(), context);

  std::set<std::string> folders;
  const auto enter = [&](const std::string& folder) {
    if (folders.insert(folder).second) write_entry(writer.get(), folder, nullptr, epoch);
  };
  if (!top.empty()) enter(std::string(top));
  for (const auto& [path, file] : tree) {
    if (!is_safe_relative(path)) throw Error(context + ": the path " + printable(path, 400) + " is not safe");
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (tree.contains(path.substr(0, slash))) {
        throw Error(context + ": " + printable(path.substr(0, slash), 400) + " is a file and a folder");
      }
      enter(prefix + path.substr(0, slash));
    }
    write_entry(writer.get(), prefix + path, &file, epoch);
  }
  require_archive_ok(archive_write_close(writer.get()), writer.get(), context);
  return packed;
}

}  // namespace base
