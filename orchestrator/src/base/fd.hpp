// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

/// File descriptors that close themselves. For this room's own files.
namespace base {

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_;
};

/// Opens a regular file for reading; Error "CONTEXT: ..." for a folder, a device, a FIFO (which is not waited for).
[[nodiscard]] Fd open_regular(const std::filesystem::path& path, const std::string& context);

/// All of `bytes`, whatever the kernel takes at once.
void write_all(int fd, std::string_view bytes, const std::string& context);

}  // namespace base
