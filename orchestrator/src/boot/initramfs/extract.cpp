// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/extract.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/folder_writer.hpp"
#include "base/text.hpp"
#include "initramfs/read.hpp"

namespace initramfs {
namespace {

namespace fs = std::filesystem;
using initramfs::Node;

/// The folder, empty, open and ours alone: whoever else may write into it could put a link where the next file goes.
/// What lies above it is the caller's word, as it is for tar(1); from here on only the descriptor counts.
base::FolderWriter opened(const fs::path& folder) {
  auto text = folder.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();  // "link/" would be what the link points to
  const fs::path plain(text);
  const auto shown = base::printable(text, 4096);
  std::error_code failed;
  if (plain.has_parent_path()) fs::create_directories(plain.parent_path(), failed);
  if (failed) throw base::Error(shown + ": " + failed.message());
  if (mkdir(plain.c_str(), 0700) != 0 && errno != EEXIST) throw base::system_error(shown);
  base::FolderWriter out(plain);
  struct stat status {};
  if (fstat(out.fd(), &status) != 0) throw base::system_error(shown);
  if (status.st_uid != geteuid())
    throw base::Error(
        fmt::format("{}: it belongs to user {}, who could put a link where a file is to go", shown, status.st_uid))
        .with_hint("name a folder that is not there yet");
  if ((status.st_mode & 0022U) != 0)
    throw base::Error(fmt::format("{}: others can write into it (mode {:04o})", shown, status.st_mode & 07777U))
        .with_hint("name a folder that is not there yet, or: chmod go-w " + base::shell_quote(text));
  if (!out.is_empty()) throw base::Error(shown + ": it is not empty").with_hint("name a folder that is not there yet");
  // Nobody else gets in before all is done: what lies below may have other owners, and modes for all, before that.
  if (fchmodat(out.fd(), ".", 0700, 0) != 0) throw base::system_error(shown);
  return out;
}

/// Everything goes through this one folder's descriptor.
class Writer {
 public:
  Writer(const fs::path& folder, bool devices) : to_(opened(folder)), devices_(devices), as_root_(geteuid() == 0) {}

  void make_folder(const std::string& path) {
    if (!path.empty()) {
      const auto at = to_.place(path);
      if (mkdirat(at.folder.get(), at.name.c_str(), 0700) != 0) fail(path);
    }
    ++done.folders;
  }
  void open_file(const std::string& path) {
    file_ = to_.create(path);
    path_ = path;
    ++done.files;
  }
  void write(std::string_view bytes) { base::write_all(file_.get(), bytes, base::printable(path_, 300)); }
  void close_file() { file_.reset(); }
  void make_hard_link(const std::string& from, const std::string& to) {
    const auto first = to_.place(from);
    const auto second = to_.place(to);
    if (linkat(first.folder.get(), first.name.c_str(), second.folder.get(), second.name.c_str(), 0) != 0) fail(to);
  }
  void make_link(const std::string& path, const Node& node) {
    const auto at = to_.place(path);
    if (symlinkat(node.target.c_str(), at.folder.get(), at.name.c_str()) != 0) fail(path);
    own(at, path, node);
    ++done.links;
  }
  void make_special(const std::string& path, const Node& node) {
    if (!devices_) {
      done.left_out.push_back(path);
      return;
    }
    const auto at = to_.place(path);
    if (mknodat(at.folder.get(), at.name.c_str(), node.mode, makedev(node.rdev_major, node.rdev_minor)) != 0)
      fail(path);
    finish(path, node);
  }
  /// Owner, then mode, then time: each would be lost by the one before.
  void finish(const std::string& path, const Node& node) {
    const auto at = to_.place(path);
    own(at, path, node);
    const auto mode = node.mode & (as_root_ ? 07777U : 0777U);
    if (fchmodat(at.folder.get(), at.name.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
    const timespec times[2] = {{.tv_sec = node.mtime, .tv_nsec = 0}, {.tv_sec = node.mtime, .tv_nsec = 0}};
    if (utimensat(at.folder.get(), at.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
  }

  Extracted done;

 private:
  void own(const base::FolderWriter::Place& at, const std::string& path, const Node& node) const {
    if (!as_root_) return;
    if (fchownat(at.folder.get(), at.name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
  }
  [[noreturn]] static void fail(const std::string& path) { throw base::system_error(base::printable(path, 300)); }

  base::FolderWriter to_;
  base::Fd file_;
  std::string path_;
  bool devices_ = false;
  bool as_root_ = false;
};

struct Plan {
  std::vector<std::pair<std::string, const Node*>> folders;            // parents first
  std::map<std::uint32_t, std::pair<std::string, const Node*>> files;  // by their entry
  std::vector<std::pair<std::string, const Node*>> empty;              // files without an entry of their own
  std::vector<std::pair<std::string, std::string>> hard_links;         // from, to
  std::vector<std::pair<std::string, const Node*>> links;
  std::vector<std::pair<std::string, const Node*>> special;
};

Plan plan_of(const initramfs::Image& image) {
  Plan plan;
  std::map<const Node*, std::string> first;
  image.each([&](const std::string& path, const Node& node) {
    if (node.is_directory()) return plan.folders.emplace_back(path, &node), void();
    if (node.links > 1) {
      const auto [known, is_new] = first.emplace(&node, path);
      if (!is_new) return plan.hard_links.emplace_back(known->second, path), void();
    }
    if (node.is_link()) return plan.links.emplace_back(path, &node), void();
    if (!node.is_file()) return plan.special.emplace_back(path, &node), void();
    if (!plan.files.emplace(node.entry, std::pair{path, &node}).second) plan.empty.emplace_back(path, &node);
  });
  // Folders that the kernel has by itself, where something was put into them.
  for (const auto* implied : {"dev", "root"}) {
    const auto* node = image.find_link(implied);
    if (node != nullptr && node->implied && !image.list(implied).empty()) plan.folders.emplace_back(implied, node);
  }
  std::ranges::sort(plan.folders);
  return plan;
}

}  // namespace

void cat(initramfs::Source& source, const initramfs::Image& image, const std::string& path,
         const std::function<void(std::string_view)>& write) {
  const auto* node = image.find(path);
  if (node == nullptr)
    throw base::Error(base::printable(path, 300) + ": there is no such file in it")
        .with_hint("dracut-sshd inspect list IMAGE shows what there is");
  if (!node->is_file()) throw base::Error(base::printable(path, 300) + ": this is not a regular file");
  initramfs::read_again(
      source, [&](std::uint32_t entry) { return entry == node->entry; }, write);
}

Extracted extract(initramfs::Source& source, const initramfs::Image& image, const fs::path& folder, bool devices) {
  const auto plan = plan_of(image);
  Writer writer(folder, devices);
  for (const auto& [path, node] : plan.folders) writer.make_folder(path);
  for (const auto& [path, node] : plan.empty) {
    writer.open_file(path);
    writer.close_file();
  }
  initramfs::read_again(
      source,
      [&](std::uint32_t entry) {
        const auto found = plan.files.find(entry);
        if (found == plan.files.end()) return false;
        writer.close_file();
        writer.open_file(found->second.first);
        return true;
      },
      [&](std::string_view bytes) { writer.write(bytes); });
  writer.close_file();
  for (const auto& [entry, file] : plan.files) writer.finish(file.first, *file.second);
  for (const auto& [path, node] : plan.empty) writer.finish(path, *node);
  for (const auto& [path, node] : plan.special) writer.make_special(path, *node);
  for (const auto& [from, to] : plan.hard_links) {
    if (!image.find_link(from)->is_link()) writer.make_hard_link(from, to);
  }
  for (const auto& [path, node] : plan.links) writer.make_link(path, *node);
  // The deepest first: a time is lost, and a mode may forbid it, as soon as something is put in.
  for (auto each = plan.folders.rbegin(); each != plan.folders.rend(); ++each)
    writer.finish(each->first, *each->second);
  return std::move(writer.done);
}

}  // namespace initramfs
