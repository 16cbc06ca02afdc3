// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "storage/storage.hpp"

namespace storage {

/// What the next boot asks for, as far as its command line is known.
struct BootDevices {
  std::string root;    // of root=, "block:" removed; "": not said
  std::string usr;     // of mount.usr=
  std::string resume;  // of resume=
};

/// What / , /usr and resume lie on, by the files of the system at `root`: its fstab and crypttab, and, where they are
/// there, the kernel's and udev's own (sys/class/block, sys/fs/btrfs, run/udev/data, dev/disk, dev/mapper). With
/// `running`, `root` is the system that runs, and its mounts (proc/self/mountinfo) count where command line and fstab
/// say nothing. Without devices, as in a chroot, a chain ends in "unknown" where fstab and crypttab do. Nothing is
/// executed, and no device is read.
[[nodiscard]] Storage read_host_storage(const std::filesystem::path& root, const BootDevices& boot, bool running);

}  // namespace storage
