// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/boot_files.hpp"

#include <system_error>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "host/small_file.hpp"

namespace host {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostGrub = 4U << 20U;

}  // namespace

std::optional<fs::path> kernel_file(const fs::path& root, const KernelRelease& kernel) {
  const auto& release = kernel.text();
  std::vector<fs::path> places;
  for (const auto* name : {"vmlinuz-", "vmlinux-", "kernel-", "Image-"})
    places.push_back(root / "boot" / (name + release));
  for (const auto* top : {"usr/lib/modules", "lib/modules"}) {
    for (const auto* name : {"vmlinuz", "Image"}) places.push_back(root / top / release / name);
  }
  for (const auto* file : {"etc/kernel/entry-token", "etc/machine-id"}) {
    const std::string token(base::trim(read_small(root / file).value_or("")));
    if (!base::is_safe_relative(token)) continue;
    for (const auto* base : {"efi", "boot", "boot/efi"}) places.push_back(root / base / token / release / "linux");
  }
  const std::string package(base::trim(read_small(root / "usr/lib/modules" / release / "pkgbase").value_or("")));
  if (base::is_safe_relative(package)) places.push_back(root / "boot" / ("vmlinuz-" + package));
  std::error_code ignored;
  for (const auto& place : places) {
    if (fs::is_regular_file(place, ignored)) return place;
  }
  return std::nullopt;
}

std::optional<std::string> grub_cmdline(const fs::path& root, const KernelRelease& release) {
  for (const auto* file : {"boot/grub/grub.cfg", "boot/grub2/grub.cfg"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(root / file, ignored)) continue;
    std::string text;
    try {
      text = base::read_file(root / file, kMostGrub);
    } catch (const base::Error&) {
      continue;
    }
    for (const auto& raw : base::lines(text)) {
      const auto words = base::split(base::replace_all(std::string(base::trim(raw)), "\t", " "), ' ');
      if (words.size() < 2 || !words[0].starts_with("linux") || !words[1].ends_with("-" + release.text())) continue;
      const auto options = base::join({words.begin() + 2, words.end()}, " ");
      if (options.find('$') != std::string::npos) return std::nullopt;
      return std::string(base::trim(options));
    }
  }
  return std::nullopt;
}

std::optional<std::string> kernel_config(const std::filesystem::path& root, const KernelRelease& release) {
  for (const auto& path :
       {root / "boot" / ("config-" + release.text()), root / "usr/lib/modules" / release.text() / "config",
        root / "lib/modules" / release.text() / "config"}) {
    if (auto text = read_small(path)) return text;
  }
  return std::nullopt;
}

}  // namespace host
