// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace base {

void Fd::reset() {
  if (fd_ < 0) return;
  const int saved = errno;  // closing must not hide why the caller gives up
  ::close(fd_);
  errno = saved;
  fd_ = -1;
}

Fd open_regular(const std::filesystem::path& path, const std::string& context) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) throw system_error(context);
  if (!S_ISREG(status.st_mode)) {
    throw Error(context + (S_ISDIR(status.st_mode) ? ": is a folder, expected a file" : ": is not a regular file"));
  }
  return file;
}

void write_all(int fd, std::string_view bytes, const std::string& context) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(context);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace base
