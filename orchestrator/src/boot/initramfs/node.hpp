// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "initramfs/elf.hpp"

namespace initramfs {

/// What an entry of a cpio archive became. An inode: hard links share one.
struct Node {
  std::uint32_t mode = 0;  // type and permissions, as in stat(2)
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t links = 0;  // names in the tree
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  std::uint32_t rdev_major = 0;
  std::uint32_t rdev_minor = 0;
  std::uint32_t part = 0;               // index into Image::parts
  std::uint32_t entry = 0;              // running number of the entry that its bytes are of
  std::string target;                   // of a symbolic link
  std::shared_ptr<const ElfFacts> elf;  // of a regular file
  std::optional<std::string> content;   // of a regular file, where it was wanted and small enough
  bool implied = false;                 // the kernel has it before it unpacks anything: /dev, /dev/console, /root
  std::string digest;                   // SHA-256, raw, where it was asked for

  [[nodiscard]] bool is_file() const { return (mode & 0170000U) == 0100000U; }
  [[nodiscard]] bool is_directory() const { return (mode & 0170000U) == 0040000U; }
  [[nodiscard]] bool is_link() const { return (mode & 0170000U) == 0120000U; }
};

}  // namespace initramfs
