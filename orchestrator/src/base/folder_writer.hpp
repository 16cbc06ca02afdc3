// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.hpp"

namespace base {

/// Writes below one folder and nowhere else, whatever names it is given: names come from images, and others may write
/// into what lies around. The folder is held by its descriptor; below it no symbolic link is followed, and no name
/// leads upwards (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where the kernel lacks that, or a filter
/// forbids it, a walk with O_NOFOLLOW).
///
/// Paths are relative, with single slashes between parts, none of which is "." or ".." or has a NUL. Every function
/// throws base::Error for another one, and for what the system refuses; its text names the path.
class FolderWriter {
 public:
  /// `folder` is there, and is no link.
  explicit FolderWriter(const std::filesystem::path& folder);
  /// Of a folder that is open already; `shown` is what errors call it.
  FolderWriter(Fd folder, std::filesystem::path shown);

  /// A name in its own folder, which is open.
  struct Place {
    Fd folder;
    std::string name;
  };
  /// Where `path` is, or will be; its folders are there. "" is the folder itself, by the name ".".
  [[nodiscard]] Place place(std::string_view path) const;

  void make_dirs(std::string_view path);  // those that are missing, 0755; no error where all are there
  /// A new file, open for writing; its folders are made.
  [[nodiscard]] Fd create(std::string_view path, unsigned mode = 0600);
  void write_file(std::string_view path, std::string_view content, unsigned mode = 0644);  // new, too
  void link(std::string_view path, const std::string& target);  // a new symbolic link; its folders are made
  [[nodiscard]] bool has(std::string_view path) const;          // of any type; a link is not followed
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] int fd() const { return folder_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const { return shown_; }

  /// Tests: walk, as where there is no openat2.
  void without_openat2() { openat2_ = false; }

 private:
  [[nodiscard]] Fd open_folder(std::string_view path) const;
  [[nodiscard]] std::string doing(std::string_view path) const;

  Fd folder_;
  std::filesystem::path shown_;
  mutable bool openat2_ = true;
};

}  // namespace base
