// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Files, the careful way. Every function throws base::Error with the path and the system's word.
namespace base {

using Path = std::filesystem::path;

/// The whole of a regular file; an Error when it is longer than `limit` bytes (nothing is read then), a folder or a
/// device.
[[nodiscard]] std::string read_file(const Path& path, std::uint64_t limit);

/// A file as one descriptor showed it: what was read, and its time (seconds since the epoch).
struct FileContent {
  std::string bytes;
  std::int64_t mtime = 0;
};
/// The regular file `relative` below `folder`, opened part by part, so that no link in it is followed. An Error as of
/// read_file; a path that is not safe is one, too.
[[nodiscard]] FileContent read_below(const Path& folder, std::string_view relative, std::uint64_t limit);
/// Makes such a file, which must not be there yet, and the folders above it (0755). It is not synced: the caller calls
/// sync_tree() when all are there.
void create_below(const Path& folder, std::string_view relative, const FileContent& content, unsigned mode = 0644);
/// Everything of the file system that `folder` lies in is on the disk.
void sync_tree(const Path& folder);
/// Every folder below and of `path` gets the mode `folders`, and every regular file `files`.
void set_modes(const Path& path, unsigned folders, unsigned files);

/// Written aside in the same folder, fsynced, then renamed: a reader sees the old file or the new one. Keeps nothing on
/// failure.
void write_file(const Path& path, std::string_view content, unsigned mode = 0644);
/// Into a private folder that is thrown away: neither aside nor fsynced. base::Error when it cannot be written.
void write_scratch(const Path& path, std::string_view content, unsigned mode = 0644);

void make_dirs(const Path& path);
void remove_tree(
    const Path& path);  // never follows a symbolic link; nothing there is no error; makes folders writable on the way

/// Copies a folder's regular files, folders and links (as links); modes kept, times set to `mtime` (seconds since the
/// epoch).
void copy_tree(const Path& from, const Path& to, std::int64_t mtime);
/// Sets every time below and of `path` to `mtime`: what tools clamp only when it is newer.
void set_times(const Path& path, std::int64_t mtime);

/// `fresh` takes the place of `current` in one step (renameat2 RENAME_EXCHANGE), then the old one is removed. Where the
/// file system cannot exchange, the old one is renamed aside first: a reader may then see a short gap, never a
/// half-written folder. Both must lie in the same file system. Nothing at `current` is fine.
void replace_tree(const Path& fresh, const Path& current);

/// Relative, not empty, no "." or ".." part, no leading or double slash, no control character: may be joined to a
/// folder safely.
[[nodiscard]] bool is_safe_relative(std::string_view path);

/// A private folder (0700) that is removed with its object. It is locked (flock(2)) meanwhile: the kernel lets go of
/// the lock however the process ends, so that remove_abandoned() can tell what a killed one has left.
class TempDir {
 public:
  explicit TempDir(const Path& parent, std::string_view prefix);  // parent must exist
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const Path& path() const { return path_; }
  void keep() { keep_ = true; }  // the folder stays

 private:
  Path path_;
  bool keep_ = false;
  int lock_ = -1;  // where the file system has locks
};

/// TempDirs below `parent` whose names begin with `prefix` and whose process is gone: private folders of this user's
/// that nobody holds the lock of. What cannot be locked or looked at is none.
[[nodiscard]] std::vector<Path> abandoned(const Path& parent, std::string_view prefix);
/// Removes them, as far as that can be done.
void remove_abandoned(const Path& parent, std::string_view prefix);

/// The system's folder for temporary files ($TMPDIR or /tmp), checked to exist.
[[nodiscard]] Path temp_parent();

}  // namespace base
