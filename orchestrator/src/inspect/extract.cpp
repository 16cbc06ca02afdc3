// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/extract.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"
#include "initramfs/read.hpp"

namespace inspect {
namespace {

namespace fs = std::filesystem;
using initramfs::Node;

/// Everything goes through this one folder's descriptor.
class Writer {
 public:
  Writer(const fs::path& folder, bool devices) : devices_(devices) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw base::Error(folder.string() + ": " + failed.message());
    root_ = base::Fd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root_.is_open()) throw base::system_error(folder.string());
    if (!fs::is_empty(folder))
      throw base::Error(folder.string() + ": it is not empty").with_hint("name a folder that is not there yet");
    as_root_ = geteuid() == 0;
  }

  void make_folder(const std::string& path) {
    if (!path.empty() && mkdirat(root_.get(), path.c_str(), 0700) != 0) fail(path);
    ++done.folders;
  }
  void open_file(const std::string& path, const Node& node) {
    file_ = base::Fd(openat(root_.get(), path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_.is_open()) fail(path);
    path_ = path;
    (void)node;
    ++done.files;
  }
  void write(std::string_view bytes) { base::write_all(file_.get(), bytes, path_); }
  void close_file() { file_.reset(); }
  void make_hard_link(const std::string& from, const std::string& to) {
    if (linkat(root_.get(), from.c_str(), root_.get(), to.c_str(), 0) != 0) fail(to);
  }
  void make_link(const std::string& path, const Node& node) {
    if (symlinkat(node.target.c_str(), root_.get(), path.c_str()) != 0) fail(path);
    own(path, node);
    ++done.links;
  }
  void make_special(const std::string& path, const Node& node) {
    if (!devices_) {
      done.left_out.push_back(path);
      return;
    }
    if (mknodat(root_.get(), path.c_str(), node.mode, makedev(node.rdev_major, node.rdev_minor)) != 0) fail(path);
    finish(path, node);
  }
  /// Owner, then mode, then time: each would be lost by the one before.
  void finish(const std::string& path, const Node& node) {
    own(path, node);
    const auto mode = node.mode & (as_root_ ? 07777U : 0777U);
    if (fchmodat(root_.get(), path.empty() ? "." : path.c_str(), mode, 0) != 0) fail(path);
    const timespec times[2] = {{.tv_sec = node.mtime, .tv_nsec = 0}, {.tv_sec = node.mtime, .tv_nsec = 0}};
    if (utimensat(root_.get(), path.empty() ? "." : path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) fail(path);
  }

  Extracted done;

 private:
  void own(const std::string& path, const Node& node) {
    if (!as_root_) return;
    if (fchownat(root_.get(), path.empty() ? "." : path.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0)
      fail(path);
  }
  [[noreturn]] static void fail(const std::string& path) { throw base::system_error(base::printable(path, 300)); }

  base::Fd root_;
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
        .with_hint("--list shows what there is");
  if (!node->is_file()) throw base::Error(base::printable(path, 300) + ": this is no file");
  initramfs::read_again(
      source, [&](std::uint32_t entry) { return entry == node->entry; }, write);
}

Extracted extract(initramfs::Source& source, const initramfs::Image& image, const fs::path& folder, bool devices) {
  const auto plan = plan_of(image);
  Writer writer(folder, devices);
  for (const auto& [path, node] : plan.folders) writer.make_folder(path);
  for (const auto& [path, node] : plan.empty) {
    writer.open_file(path, *node);
    writer.close_file();
  }
  initramfs::read_again(
      source,
      [&](std::uint32_t entry) {
        const auto found = plan.files.find(entry);
        if (found == plan.files.end()) return false;
        writer.close_file();
        writer.open_file(found->second.first, *found->second.second);
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

}  // namespace inspect
