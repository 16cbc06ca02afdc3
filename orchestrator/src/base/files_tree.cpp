// SPDX-License-Identifier: GPL-3.0-or-later
// The part of files.hpp that walks whole folders, by descriptor, so that a link put in the way is never followed.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace base {
namespace {

std::string doing(std::string_view what, const Path& path) {
  return fmt::format("{} {}", what, printable(path.string(), 4096));
}

struct stat status_at(int folder, const std::string& name, const std::string& context) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw system_error(context);
  return status;
}

Fd open_folder(int parent, const std::string& name, const std::string& context) {
  Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.is_open()) throw system_error(context);
  return folder;
}

std::vector<std::string> names_in(int folder, const std::string& context) {
  Fd own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(own.is_open() ? ::fdopendir(own.get()) : nullptr, ::closedir);
  if (!listing) throw system_error(context);
  (void)own.release();  // closedir closes it
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(listing.get());
    if (entry == nullptr && errno != 0) throw system_error(context);
    if (entry == nullptr) return names;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
}

void set_time_at(int folder, const std::string& name, std::int64_t mtime, const std::string& context) {
  const timespec time{static_cast<time_t>(mtime), 0};
  const timespec both[2] = {time, time};
  if (::utimensat(folder, name.c_str(), both, AT_SYMLINK_NOFOLLOW) != 0) throw system_error(context);
}

void remove_at(int parent, const std::string& name, const Path& shown) {
  const std::string context = doing("removing", shown);
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR) throw system_error(context);
  const Fd handle(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!handle.is_open()) throw system_error(context);
  // By /proc, since a descriptor opened with O_PATH takes no fchmod; a path could lead elsewhere by now. Its failure is
  // the next call's.
  (void)::chmod(fmt::format("/proc/self/fd/{}", handle.get()).c_str(), 0700);
  for (const auto& child : names_in(handle.get(), context)) remove_at(handle.get(), child, shown / child);
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw system_error(context);
}

/// Without trailing slashes: "link/" would be what the link points to.
Path without_slash(const Path& path) {
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

void copy_file_at(int from, int to, const std::string& name, const struct stat& status, const std::string& context) {
  const Fd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!source.is_open()) throw system_error(context);
  const Fd target(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target.is_open()) throw system_error(context);
  std::vector<char> buffer(std::size_t{1} << 16);
  for (;;) {
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(context);
    if (count == 0) break;
    write_all(target.get(), {buffer.data(), static_cast<std::size_t>(count)}, context);
  }
  if (::fchmod(target.get(), status.st_mode & 07777U) != 0) throw system_error(context);
}

void copy_link_at(int from, int to, const std::string& name, const std::string& context) {
  std::string target(4096, '\0');
  const ssize_t length = ::readlinkat(from, name.c_str(), target.data(), target.size());
  if (length < 0) throw system_error(context);
  if (static_cast<std::size_t>(length) == target.size()) throw Error(context + ": the link's target is too long");
  target.resize(static_cast<std::size_t>(length));
  if (::symlinkat(target.c_str(), to, name.c_str()) != 0) throw system_error(context);
}

void copy_folder(int from, int to, const Path& shown, std::int64_t mtime) {
  for (const auto& name : names_in(from, doing("copying", shown))) {
    const Path path = shown / name;
    const std::string context = doing("copying", path);
    const struct stat status = status_at(from, name, context);
    if (S_ISREG(status.st_mode)) {
      copy_file_at(from, to, name, status, context);
    } else if (S_ISLNK(status.st_mode)) {
      copy_link_at(from, to, name, context);
    } else if (S_ISDIR(status.st_mode)) {
      if (::mkdirat(to, name.c_str(), 0700) != 0 && errno != EEXIST) throw system_error(context);
      const Fd target = open_folder(to, name, context);
      copy_folder(open_folder(from, name, context).get(), target.get(), path, mtime);
      if (::fchmod(target.get(), status.st_mode & 07777U) != 0) throw system_error(context);
    } else {
      throw Error(context + ": is neither a file nor a folder nor a link");
    }
    set_time_at(to, name, mtime, context);
  }
}

/// The folder that `relative` lies in, below `top`, and its last part.
struct Place {
  Fd folder;
  std::string name;
};

Place place_below(const Path& top, std::string_view relative, bool make, const std::string& context) {
  if (!is_safe_relative(relative)) throw Error(context + ": the path is not safe");
  Place place{Fd(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), ""};
  if (!place.folder.is_open()) throw system_error(context);
  auto parts = split(relative, '/');
  place.name = parts.back();
  parts.pop_back();
  for (const auto& part : parts) {
    if (make && ::mkdirat(place.folder.get(), part.c_str(), 0755) != 0 && errno != EEXIST) throw system_error(context);
    place.folder = open_folder(place.folder.get(), part, context);
  }
  return place;
}

void set_modes_below(int folder, const Path& shown, unsigned folders, unsigned files) {
  for (const auto& name : names_in(folder, doing("setting the mode of", shown))) {
    const Path path = shown / name;
    const std::string context = doing("setting the mode of", path);
    const struct stat status = status_at(folder, name, context);
    if (S_ISDIR(status.st_mode)) {
      const Fd below = open_folder(folder, name, context);
      set_modes_below(below.get(), path, folders, files);
      if (::fchmod(below.get(), folders) != 0) throw system_error(context);
    } else if (S_ISREG(status.st_mode) && ::fchmodat(folder, name.c_str(), files, 0) != 0) {
      throw system_error(context);
    }
  }
}

void set_times_below(int folder, const Path& shown, std::int64_t mtime) {
  for (const auto& name : names_in(folder, doing("setting the time of", shown))) {
    const Path path = shown / name;
    const std::string context = doing("setting the time of", path);
    const struct stat status = status_at(folder, name, context);
    if (S_ISDIR(status.st_mode)) set_times_below(open_folder(folder, name, context).get(), path, mtime);
    set_time_at(folder, name, mtime, context);
  }
}

}  // namespace

void remove_tree(const Path& path) {
  const Path plain = without_slash(path);
  const Path name = plain.filename();
  if (name.empty() || name == "." || name == ".." || plain == "/") throw Error(doing("will not remove", path));
  remove_at(AT_FDCWD, plain.string(), plain);
}

void copy_tree(const Path& from, const Path& to, std::int64_t mtime) {
  const std::string context = doing("copying", from);
  const Fd source(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!source.is_open() || ::fstat(source.get(), &status) != 0) throw system_error(context);
  make_dirs(to);
  const Fd target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target.is_open()) throw system_error(doing("copying to", to));
  copy_folder(source.get(), target.get(), from, mtime);
  if (::fchmod(target.get(), status.st_mode & 07777U) != 0) throw system_error(context);
  set_time_at(AT_FDCWD, to.string(), mtime, context);
}

FileContent read_below(const Path& folder, std::string_view relative, std::uint64_t limit) {
  const std::string context = doing("reading", folder / relative);
  const Place place = place_below(folder, relative, false, context);
  const Fd file(::openat(place.folder.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) throw system_error(context);
  if (!S_ISREG(status.st_mode)) throw Error(context + ": is not a regular file");
  FileContent content{"", status.st_mtime};
  std::vector<char> buffer(std::size_t{1} << 16);
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(context);
    if (count == 0) return content;
    content.bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.bytes.size() > limit)
      throw Error(fmt::format("{}: is longer than {}, the most that is read here", context, human_size(limit)));
  }
}

void create_below(const Path& folder, std::string_view relative, const FileContent& content, unsigned mode) {
  const std::string context = doing("writing", folder / relative);
  const Place place = place_below(folder, relative, true, context);
  const Fd file(
      ::openat(place.folder.get(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.is_open()) throw system_error(context);
  write_all(file.get(), content.bytes, context);
  if (::fchmod(file.get(), mode) != 0) throw system_error(context);
  set_time_at(place.folder.get(), place.name, content.mtime, context);
}

void sync_tree(const Path& folder) {
  const std::string context = doing("syncing", folder);
  const Fd top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top.is_open() || ::syncfs(top.get()) != 0) throw system_error(context);
}

void set_modes(const Path& path, unsigned folders, unsigned files) {
  const std::string context = doing("setting the mode of", path);
  const Fd top = open_folder(AT_FDCWD, path.string(), context);
  set_modes_below(top.get(), path, folders, files);
  if (::fchmod(top.get(), folders) != 0) throw system_error(context);
}

void set_times(const Path& path, std::int64_t mtime) {
  const std::string context = doing("setting the time of", path);
  const struct stat status = status_at(AT_FDCWD, path.string(), context);
  if (S_ISDIR(status.st_mode)) set_times_below(open_folder(AT_FDCWD, path.string(), context).get(), path, mtime);
  set_time_at(AT_FDCWD, path.string(), mtime, context);
}

void replace_tree(const Path& fresh, const Path& current) {
  const std::string context = doing("putting", fresh) + doing(" in the place of", current);
  const Path new_one = without_slash(fresh);
  const Path place = without_slash(current);
  (void)status_at(AT_FDCWD, new_one.string(), context);
  struct stat status {};
  if (::lstat(place.c_str(), &status) != 0) {
    if (errno != ENOENT || ::rename(new_one.c_str(), place.c_str()) != 0) throw system_error(context);
    return;
  }
  if (::renameat2(AT_FDCWD, new_one.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) {
    remove_tree(new_one);  // the old one by now
    return;
  }
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) throw system_error(context);

  TempDir aside(place.has_parent_path() ? place.parent_path() : Path("."), ".replaced-");
  const Path old = aside.path() / "old";
  if (::rename(place.c_str(), old.c_str()) != 0) throw system_error(context);
  if (::rename(new_one.c_str(), place.c_str()) != 0) {
    const Error failure = system_error(context);
    if (::rename(old.c_str(), place.c_str()) != 0) {
      aside.keep();  // the only copy
      throw failure.with_hint("the old one is kept as " + old.string());
    }
    throw failure;
  }
}

}  // namespace base
