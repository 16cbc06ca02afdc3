// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace build {

Lock::Lock(const std::filesystem::path& file)
    : fd_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (fd_ < 0) throw base::system_error(file.string());
  // Whoever can open it can hold it, and keep every build out. One that another version left is closed to others, too.
  struct stat there {};
  if (fstat(fd_, &there) == 0 && there.st_uid == geteuid() && (there.st_mode & 0077U) != 0) (void)fchmod(fd_, 0600);
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    close(fd_);
    throw base::Error(fmt::format("another build is at work in {}", file.parent_path().string()))
        .with_hint("wait for it, or choose another folder with --out");
  }
}

Lock::~Lock() { close(fd_); }

}  // namespace build
