// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <map>
#include <vector>

#include "base/archive.hpp"
#include "base/archive_common.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace base {
namespace {

std::uint32_t crc32(std::string_view bytes) {  // RFC 1952, section 8; libarchive reads past a wrong one
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t c = n;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xEDB88320U ^ (c >> 1U) : c >> 1U;
      entries[n] = c;
    }
    return entries;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (crc >> 8U);
  return crc ^ 0xFFFFFFFFU;
}

std::uint32_t little_endian(std::string_view four) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(four[i]);
  return value;
}

}  // namespace

std::string gunzip(std::string_view bytes, std::uint64_t limit) {
  const std::string context = "unpacking gzip";
  if (bytes.size() < 18 || static_cast<unsigned char>(bytes[0]) != 0x1F ||
      static_cast<unsigned char>(bytes[1]) != 0x8B) {
    throw Error(context + ": is not gzip");
  }
  const ArchiveHandle reader = new_archive_reader();
  require_archive_ok(archive_read_support_filter_gzip(reader.get()), reader.get(), context);
  require_archive_ok(archive_read_support_format_raw(reader.get()), reader.get(), context);
  require_archive_ok(archive_read_support_format_empty(reader.get()), reader.get(), context);
  require_archive_ok(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()), reader.get(), context);
  ArchiveBudget budget(limit, context);
  archive_entry* entry = nullptr;
  std::string content;
  const int result = archive_read_next_header(reader.get(), &entry);
  if (result == ARCHIVE_OK) {
    if (archive_filter_code(reader.get(), 0) != ARCHIVE_FILTER_GZIP) throw Error(context + ": is not gzip");
    content = read_archive_data(reader.get(), budget, context);
  } else if (result != ARCHIVE_EOF) {
    throw archive_error(reader.get(), context);
  }
  const auto trailer = bytes.substr(bytes.size() - 8);
  if (little_endian(trailer) != crc32(content) ||
      little_endian(trailer.substr(4)) != static_cast<std::uint32_t>(content.size())) {
    throw Error(context + ": is damaged (checksum or length does not match)");
  }
  return content;
}

SourceTree read_tar_gz(std::string_view bytes, std::string& top, std::uint64_t limit) {
  const std::string context = "reading the source archive";
  const std::string tar = gunzip(bytes, limit);
  const ArchiveHandle reader = new_archive_reader();
  require_archive_ok(archive_read_support_format_tar(reader.get()), reader.get(), context);
  require_archive_ok(archive_read_open_memory(reader.get(), tar.data(), tar.size()), reader.get(), context);
  ArchiveBudget budget(limit, context);
  SourceTree tree;
  std::string found;
  while (archive_entry* const entry = next_archive_entry(reader.get(), budget, context)) {
    const std::string path = archive_path(entry);
    const std::string here = context + ": " + printable(path, 400);
    if (!is_safe_relative(path)) throw Error(here + " is not a safe path");
    const bool folder = archive_entry_filetype(entry) == AE_IFDIR;
    const auto slash = path.find('/');
    if (slash == std::string::npos && !folder) throw Error(here + " lies outside of the top folder");
    if (found.empty()) found = path.substr(0, slash);
    if (path.substr(0, slash) != found) throw Error(here + " lies outside of the top folder " + printable(found));
    if (folder) continue;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
      throw Error(here + " is neither a regular file nor a folder");
    }
    SourceFile file{archive_entry_perm(entry) & 07777U, read_archive_data(reader.get(), budget, here)};
    if (!tree.emplace(path.substr(slash + 1), std::move(file)).second) throw Error(here + " comes twice");
  }
  if (found.empty()) throw Error(context + ": is empty");
  top = found;
  return tree;
}

namespace {

void open_any(archive* reader, const std::filesystem::path& file, const std::string& context) {
  // One by one: "all" would also run outside programs for what the library itself cannot unpack.
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_lz4(reader);
  require_archive_ok(archive_read_support_format_tar(reader), reader, context);
  require_archive_ok(archive_read_support_format_cpio(reader), reader, context);
  require_archive_ok(archive_read_open_filename(reader, file.c_str(), std::size_t{1} << 16), reader, context);
}

/// "/usr/bin/x" of "./usr/bin/x"; "" of the root itself.
std::string absolute(std::string path, const std::string& context) {
  if (path == "." || path == "./") return "";
  if (path.starts_with("./")) path.erase(0, 2);
  if (!is_safe_relative(path)) throw Error(context + ": the path " + printable(path, 400) + " is not safe");
  return "/" + path;
}

std::string account(const char* name, la_int64_t number) {
  if (name != nullptr && *name != '\0') return name;
  return number == 0 ? "root" : std::to_string(number);
}

/// What a list of modes and owners does not show, and what an unpacker may still set: file capabilities among the
/// extended attributes, access lists, chattr's flags.
void refuse_hidden_rights(archive_entry* entry, const std::string& here) {
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (archive_entry_xattr_reset(entry) > 0 && archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    throw Error(here + " has the extended attribute " + printable(name != nullptr ? name : "", 200));
  if (archive_entry_acl_types(entry) != 0) throw Error(here + " has an access control list");
  if (const char* const flags = archive_entry_fflags_text(entry); flags != nullptr && *flags != '\0')
    throw Error(here + " has the file flags " + printable(flags, 200));
}

/// Names of one file. In tar the first name brings the content, in cpio the last one does.
class HardLinks {
 public:
  explicit HardLinks(ArchiveBudget& budget) : budget_(budget) {}  // a copy is memory as well

  void add(ListedTree& tree, const std::string& path, const std::string& target, const std::string& content) {
    const auto first = tree.find(target);
    if (first == tree.end() || first->second.kind != Kind::file) {
      throw Error(printable(path, 400) + ": is a hard link to " + printable(target, 400) +
                  ", which did not come before");
    }
    auto& names = names_[target];
    names.push_back(path);
    if (content.empty()) {
      budget_.take(first->second.content.size());
      tree[path].content = first->second.content;
      return;
    }
    first->second.content = content;
    for (const auto& name : names) {
      budget_.take(content.size());
      tree[name].content = content;
    }
  }

 private:
  ArchiveBudget& budget_;
  std::map<std::string, std::vector<std::string>> names_;
};

ListedEntry listed(archive_entry* entry, const std::string& context) {
  ListedEntry result;
  result.mode = archive_entry_perm(entry) & 07777U;
  result.owner = account(archive_entry_uname(entry), archive_entry_uid(entry));
  result.group = account(archive_entry_gname(entry), archive_entry_gid(entry));
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFDIR) {
    result.kind = Kind::directory;
  } else if (type == AE_IFLNK) {
    result.kind = Kind::symlink;
    result.mode = 0777;  // a link has none of its own
    result.content = archive_symlink(entry);
  } else if (type != AE_IFREG && archive_hard_link(entry).empty()) {
    throw Error(context + ": " + printable(archive_path(entry), 400) + " is neither a file nor a folder nor a link");
  }
  return result;
}

}  // namespace

ListedTree list_archive(const std::filesystem::path& file, std::uint64_t limit) {
  const std::string context = "reading " + printable(file.string(), 4096);
  (void)open_regular(file, context);
  const ArchiveHandle reader = new_archive_reader();
  open_any(reader.get(), file, context);
  ArchiveBudget budget(limit, context);
  ListedTree tree;
  HardLinks links(budget);
  while (archive_entry* const entry = next_archive_entry(reader.get(), budget, context)) {
    const std::string path = absolute(archive_path(entry), context);
    if (path.empty()) continue;
    const std::string here = context + ": " + printable(path, 400);
    refuse_hidden_rights(entry, here);
    ListedEntry found = listed(entry, context);
    const std::string target = archive_hard_link(entry);
    std::string content;
    if (found.kind == Kind::file) content = read_archive_data(reader.get(), budget, here);
    if (target.empty() && found.kind == Kind::file) found.content = content;
    const auto [place, added] = tree.emplace(path, found);
    const bool same_folder = found.kind == Kind::directory && place->second == found;
    if (!added && !same_folder) throw Error(here + " comes twice");
    if (!target.empty()) links.add(tree, path, absolute(target, context), content);
  }
  return tree;
}

}  // namespace base
