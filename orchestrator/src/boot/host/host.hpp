// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/kernel_release.hpp"

/// The system that an image is for. `root` is "/" or, in tests, a folder that looks like one. Nothing is executed.
namespace host {

/// Why others than root can read a file; "" if they cannot.
[[nodiscard]] std::string readable_by_others(const std::filesystem::path& file);

/// The next boot, as far as files tell it.
struct NextBoot {
  std::filesystem::path image;
  std::optional<KernelRelease> kernel;  // nothing: an entry that names none that is installed
  std::string cmdline;
  bool cmdline_known = false;
  std::string source;                 // where this is known from
  std::filesystem::path kernel_file;  // "": not found
};

/// The entry of the Boot Loader Specification that GRUB's environment names, else the newest kernel that has an image;
/// with `kernel`, that one's. A unified kernel image comes first where the system boots such. Images are looked for
/// under IMAGE= of /etc/dracut-sshd/initrd.conf and of the module, under entries' names, and under those that
/// distributions use. base::Error, with all places, if there is none.
[[nodiscard]] NextBoot next_boot(const std::filesystem::path& root, const std::optional<KernelRelease>& kernel);

/// Whether a unified kernel image of this name is for this kernel, as kernel-install and dracut name them.
[[nodiscard]] bool is_unified_image_for(std::string_view name, std::string_view kernel);

/// A wired network interface of this machine, and the kernel module that drives it; "" if that is built into the
/// kernel.
struct Nic {
  std::string name;
  std::string driver;
  std::string module;
  std::string address;              // of its hardware, as the kernel shows it; "" if it shows none
  std::string permanent_address{};  // the same, where it is known to be the one it was made with; else ""
  std::string path{};               // where it is, ID_PATH of udev: "pci-0000:01:00.0"; "" if it is not known
  std::string link_file{};          // of systemd.link(5), that named it; "" if it is not known
  std::optional<std::vector<std::string>>
      alternative_names{};  // that udev gives it (systemd.link(5)); nothing: not known
};
[[nodiscard]] std::vector<Nic> nics(const std::filesystem::path& root);

}  // namespace host
