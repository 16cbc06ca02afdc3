// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/folder_writer.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace base {
namespace {

constexpr std::size_t kLongestPath = 4095;  // of one system call; longer ones are walked

bool is_beneath(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  const auto parts = split(path, '/');
  return std::ranges::none_of(parts,
                              [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

Fd open_beneath(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
}

Fd walk(int folder, const std::string& path) {
  Fd at(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  for (const auto& part : split(path, '/')) {
    if (!at.is_open()) break;
    at = Fd(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return at;
}

}  // namespace

FolderWriter::FolderWriter(const std::filesystem::path& folder)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), shown_(folder) {
  if (!folder_.is_open()) throw system_error("opening the folder " + printable(folder.string(), 4096));
}

FolderWriter::FolderWriter(Fd folder, std::filesystem::path shown)
    : folder_(std::move(folder)), shown_(std::move(shown)) {}

std::string FolderWriter::doing(std::string_view path) const {
  return "writing " + printable((shown_ / path).string(), 4096);
}

Fd FolderWriter::open_folder(std::string_view path) const {
  const std::string name(path);
  if (name.empty()) return Fd(::fcntl(folder_.get(), F_DUPFD_CLOEXEC, 0));
  if (openat2_ && name.size() <= kLongestPath) {
    auto opened = open_beneath(folder_.get(), name);
    // EPERM: of a filter that knows nothing of it; EAGAIN: something was renamed meanwhile.
    if (opened.is_open() || (errno != ENOSYS && errno != EPERM && errno != EAGAIN)) return opened;
    if (errno != EAGAIN) openat2_ = false;
  }
  return walk(folder_.get(), name);
}

FolderWriter::Place FolderWriter::place(std::string_view path) const {
  if (path.empty()) return {open_folder(""), "."};
  if (!is_beneath(path)) throw Error(doing("") + ": not below it: \"" + printable(path, 300) + "\"");
  const auto slash = path.rfind('/');
  Place out{open_folder(slash == std::string_view::npos ? "" : path.substr(0, slash)),
            std::string(slash == std::string_view::npos ? path : path.substr(slash + 1))};
  if (!out.folder.is_open()) throw system_error(doing(path));
  return out;
}

void FolderWriter::make_dirs(std::string_view path) {
  if (path.empty()) return;
  if (!is_beneath(path)) throw Error(doing("") + ": not below it: \"" + printable(path, 300) + "\"");
  if (open_folder(path).is_open()) return;
  Fd at = open_folder("");
  for (const auto& part : split(path, '/')) {
    if (::mkdirat(at.get(), part.c_str(), 0755) != 0 && errno != EEXIST) throw system_error(doing(path));
    at = Fd(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!at.is_open()) throw system_error(doing(path));
  }
}

Fd FolderWriter::create(std::string_view path, unsigned mode) {
  if (const auto slash = path.rfind('/'); slash != std::string_view::npos) make_dirs(path.substr(0, slash));
  const auto where = place(path);
  Fd file(::openat(where.folder.get(), where.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   static_cast<mode_t>(mode)));
  if (!file.is_open()) throw system_error(doing(path));
  return file;
}

void FolderWriter::write_file(std::string_view path, std::string_view content, unsigned mode) {
  const auto file = create(path);
  write_all(file.get(), content, doing(path));
  if (::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) throw system_error(doing(path));
}

void FolderWriter::link(std::string_view path, const std::string& target) {
  if (const auto slash = path.rfind('/'); slash != std::string_view::npos) make_dirs(path.substr(0, slash));
  const auto where = place(path);
  if (::symlinkat(target.c_str(), where.folder.get(), where.name.c_str()) != 0) throw system_error(doing(path));
}

bool FolderWriter::has(std::string_view path) const {
  if (!is_beneath(path)) return false;
  const auto slash = path.rfind('/');
  const auto folder = open_folder(slash == std::string_view::npos ? "" : path.substr(0, slash));
  const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  struct stat status {};
  return folder.is_open() && ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool FolderWriter::is_empty() const {
  Fd own(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(own.is_open() ? ::fdopendir(own.get()) : nullptr, ::closedir);
  if (!listing) throw system_error("reading the folder " + printable(shown_.string(), 4096));
  (void)own.release();  // closedir closes it
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

}  // namespace base
