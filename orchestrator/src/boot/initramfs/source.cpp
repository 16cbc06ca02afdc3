// SPDX-License-Identifier: GPL-3.0-or-later
#include "initramfs/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace initramfs {
namespace {

std::uint64_t size_of(int fd, const std::string& name) {
  struct stat status {};
  if (fstat(fd, &status) != 0) throw base::system_error(name);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Source::Source(base::Fd fd, std::string name, std::uint64_t size)
    : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}

Source::Source(const std::filesystem::path& path)
    : fd_(base::open_regular(path, path.string())), name_(path.string()), size_(size_of(fd_.get(), name_)) {}

Source Source::standard_input(std::uint64_t limit) {
  base::Fd fd(open(base::temp_parent().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.is_open()) throw base::system_error("a temporary file in " + base::temp_parent().string());
  std::string buffer(1U << 20U, '\0');
  std::uint64_t size = 0;
  for (;;) {
    const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("standard input");
    size += static_cast<std::uint64_t>(count);
    if (size > limit) throw base::Error(fmt::format("standard input: more than {}", base::human_size(limit)));
    base::write_all(fd.get(), std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), "a temporary file");
  }
  return {std::move(fd), "standard input", size};
}

std::string_view Source::read(std::uint64_t offset, std::size_t count) {
  if (buffer_.size() < count) buffer_.resize(count);
  std::size_t filled = 0;
  while (filled < count) {
    const auto got = pread(fd_.get(), buffer_.data() + filled, count - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw base::system_error(name_);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return std::string_view(buffer_).substr(0, filled);
}

}  // namespace initramfs
