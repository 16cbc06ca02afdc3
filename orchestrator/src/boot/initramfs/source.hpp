// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/fd.hpp"

/// Where an image's bytes come from: a file, or standard input, which is copied into a file without a name first, so
/// that it can be read twice.
namespace initramfs {

class Source {
 public:
  /// base::Error for a folder, a device, or what cannot be read.
  explicit Source(const std::filesystem::path& path);
  /// Standard input, up to `limit` bytes.
  static Source standard_input(std::uint64_t limit);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// At most `count` bytes from `offset`: fewer at the end, or where the file has become shorter. They stand until the
  /// next call.
  [[nodiscard]] std::string_view read(std::uint64_t offset, std::size_t count);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Source(base::Fd fd, std::string name, std::uint64_t size);

  base::Fd fd_;
  std::string name_;
  std::uint64_t size_ = 0;
  std::string buffer_;
};

}  // namespace initramfs
