// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/overlay.hpp"

#include <fmt/format.h>

#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "initramfs/read.hpp"

namespace rehearsal {
namespace {

void pad(std::string& out) { out.resize((out.size() + 3) / 4 * 4, '\0'); }

void add(std::string& out, std::uint32_t inode, const std::string& path, const OverlayFile& file) {
  out += fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", inode,
                     file.mode, file.uid, file.gid, 1, 0, file.content.size(), 0, 0, 0, 0, path.size() + 1, 0);
  out += path;
  out += '\0';
  pad(out);
  out += file.content;
  pad(out);
}

}  // namespace

std::string archive_of(const Overlay& overlay, const initramfs::Image& image) {
  std::string out;
  std::uint32_t inode = 1;
  std::set<std::string> made;
  for (const auto& [path, file] : overlay) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto folder = path.substr(0, slash);
      if (image.find(folder) == nullptr && made.insert(folder).second)
        add(out, inode++, folder, {.mode = 0040755, .content = {}});
    }
    add(out, inode++, path, file);
  }
  add(out, 0, "TRAILER!!!", {.mode = 0, .content = {}});
  return out;
}

std::map<std::string, std::string> bytes_of(initramfs::Source& source, const initramfs::Image& image,
                                            const initramfs::Inner& inner, const std::vector<std::string>& paths,
                                            std::uint64_t limit) {
  std::map<std::string, std::string> out;
  std::map<std::uint32_t, std::vector<std::string>> by_entry;
  std::uint64_t total = 0;
  for (const auto& path : paths) {
    const auto* node = image.find(path);
    if (node == nullptr || !node->is_file()) throw base::Error("the image has no file " + base::printable(path, 300));
    total += node->size;
    if (const auto found = inner.files.find(node->entry); found != inner.files.end())
      out[path] = base::read_file(found->second, limit);
    else
      by_entry[node->entry].push_back(path);
  }
  if (total > limit)
    throw base::Error(
        fmt::format("{} of the image's files are more than {}", base::human_size(total), base::human_size(limit)));
  std::string bytes;
  std::uint32_t entry = 0;
  bool open = false;
  const auto close = [&] {
    if (!open) return;
    for (const auto& path : by_entry[entry]) out[path] = bytes;
    bytes.clear();
    open = false;
  };
  initramfs::read_again(
      source,
      [&](std::uint32_t number) {
        if (!by_entry.contains(number)) return false;
        close();
        entry = number;
        open = true;
        return true;
      },
      [&](std::string_view more) { bytes += more; });
  close();
  return out;
}

}  // namespace rehearsal
