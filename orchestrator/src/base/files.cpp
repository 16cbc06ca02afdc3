// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

namespace base {
namespace {

std::string doing(std::string_view what, const Path& path) {
  return fmt::format("{} {}", what, printable(path.string(), 4096));
}

Path folder_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

Fd open_folder(const Path& path) { return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)); }

bool is_gone(int folder) {
  struct stat there {};
  return ::fstat(folder, &there) == 0 && there.st_nlink == 0;
}

/// The file that is written aside; gone unless it was moved to its place.
class Aside {
 public:
  Aside(const Path& folder, const std::string& context) : name_((folder / ".writing-XXXXXX").string()) {
    file_ = Fd(::mkostemp(name_.data(), O_CLOEXEC));
    if (!file_.is_open()) throw system_error(context);
  }
  ~Aside() {
    if (!moved_) ::unlink(name_.c_str());
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  [[nodiscard]] int fd() const { return file_.get(); }
  void move_to(const Path& path, const std::string& context) {
    if (::rename(name_.c_str(), path.c_str()) != 0) throw system_error(context);
    moved_ = true;
  }

 private:
  std::string name_;
  Fd file_;
  bool moved_ = false;
};

}  // namespace

std::string read_file(const Path& path, std::uint64_t limit) {
  const std::string context = doing("reading", path);
  const Fd file = open_regular(path, context);
  const auto too_long = [&] {
    return Error(fmt::format("{}: is longer than {}, the most that is read here", context, human_size(limit)));
  };
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_error(context);
  const auto expected = static_cast<std::uint64_t>(status.st_size);
  if (expected > limit) throw too_long();

  std::string content;
  content.reserve(expected);
  std::vector<char> buffer(std::size_t{1} << 16);
  for (;;) {  // to its end, whatever its size was a moment ago
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(context);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) throw too_long();
  }
}

void write_scratch(const Path& path, std::string_view content, unsigned mode) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out || ::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) throw system_error(path.string());
}

void write_file(const Path& path, std::string_view content, unsigned mode) {
  const std::string context = doing("writing", path);
  Aside aside(folder_of(path), context);
  write_all(aside.fd(), content, context);
  if (::fchmod(aside.fd(), static_cast<mode_t>(mode)) != 0 || ::fsync(aside.fd()) != 0) throw system_error(context);
  aside.move_to(path, context);
  const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) (void)::fsync(folder.get());  // not every file system can; the file itself is safe
}

void make_dirs(const Path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (!code && !std::filesystem::is_directory(path, code)) code = std::make_error_code(std::errc::not_a_directory);
  if (code) throw Error(doing("making the folder", path) + ": " + code.message());
}

bool is_safe_relative(std::string_view path) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (path.empty() || std::any_of(path.begin(), path.end(), control)) return false;
  const auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

TempDir::TempDir(const Path& parent, std::string_view prefix) {
  if (prefix.find('/') != std::string_view::npos)
    throw Error(doing("a temporary folder's prefix has a slash:", prefix));
  for (;;) {
    std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) throw system_error(doing("making a temporary folder in", parent));
    Fd lock = open_folder(name);
    if (!lock.is_open() && errno == ENOENT) continue;  // somebody who sweeps was quicker
    if (lock.is_open() && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) continue;
      lock.reset();
    }
    if (lock.is_open() && is_gone(lock.get())) continue;
    path_ = name;
    lock_ = lock.release();
    return;
  }
}

TempDir::~TempDir() {
  if (!keep_ && !path_.empty()) {
    try {
      remove_tree(path_);
    } catch (const Error&) {  // a destructor has nobody to tell
    }
  }
  if (lock_ >= 0) ::close(lock_);
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::move(other.path_)), keep_(other.keep_), lock_(std::exchange(other.lock_, -1)) {
  other.path_.clear();
}

std::vector<Path> abandoned(const Path& parent, std::string_view prefix) {
  std::vector<Path> out;
  std::error_code code;
  for (std::filesystem::directory_iterator it(parent, code), end; !code && it != end; it.increment(code)) {
    const auto name = it->path().filename().string();
    if (!name.starts_with(prefix) || name.size() < prefix.size() + 6) continue;  // mkdtemp(3)'s six letters
    const Fd folder = open_folder(it->path());
    struct stat there {};
    if (!folder.is_open() || ::fstat(folder.get(), &there) != 0) continue;
    if (there.st_uid != ::geteuid() || (there.st_mode & 0777U) != 0700) continue;
    if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) out.push_back(it->path());
  }
  return out;
}

void remove_abandoned(const Path& parent, std::string_view prefix) {
  for (const auto& path : abandoned(parent, prefix)) {
    const Fd folder = open_folder(path);
    if (!folder.is_open() || ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) continue;
    try {
      remove_tree(path);
    } catch (const Error&) {  // it lies there for another time
    }
  }
}

Path temp_parent() {
  const char* const chosen = std::getenv("TMPDIR");
  Path path = chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
  std::error_code code;
  if (!path.is_absolute() || !std::filesystem::is_directory(path, code)) {
    throw Error(doing("the folder for temporary files is not a folder:", path))
        .with_hint("set TMPDIR to the absolute path of a folder that you can write to");
  }
  return path;
}

}  // namespace base
