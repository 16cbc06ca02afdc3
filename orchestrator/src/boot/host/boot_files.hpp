// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/kernel_release.hpp"

/// What a boot loader would take beside the image, as far as files tell it.
namespace host {

/// The kernel of this release, under the names that distributions use: in /boot, beside its modules, in the folders of
/// boot loader entries; nothing if none is there.
[[nodiscard]] std::optional<std::filesystem::path> kernel_file(const std::filesystem::path& root,
                                                               const KernelRelease& release);

/// The command line that GRUB's own configuration (grub.cfg) has for the first entry with this kernel; nothing where it
/// has none, or where variables stand in it that only GRUB knows.
[[nodiscard]] std::optional<std::string> grub_cmdline(const std::filesystem::path& root, const KernelRelease& release);

/// The configuration that the kernel of this release was built with (Documentation/kbuild/kconfig.rst), where the
/// distribution keeps it in /boot or beside the modules.
[[nodiscard]] std::optional<std::string> kernel_config(const std::filesystem::path& root, const KernelRelease& release);

}  // namespace host
