// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "detect/boot_chain.hpp"
#include "detect/boot_line.hpp"
#include "detect/firmware.hpp"
#include "detect/generator.hpp"
#include "detect/host_files.hpp"
#include "detect/network_stack.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

namespace fs = std::filesystem;

/// dracut.cmdline(7), "Network".
constexpr std::array<std::string_view, 14> kNetworkWords{"ip",     "ifname",     "nameserver", "rd.route", "rd.peerdns",
                                                         "vlan",   "bond",       "team",       "bridge",   "bootdev",
                                                         "BOOTIF", "rd.neednet", "rd.bootif",  "rd.znet"};

bool is_network_word(std::string_view word) {
  return std::ranges::find(kNetworkWords, word.substr(0, word.find('='))) != kNetworkWords.end();
}

/// A path of the image as the system has it: without the folder that stands for its root.
std::string on_system(const Source& source, const fs::path& path) {
  return "/" + path.lexically_relative(source.root).string();
}

void read_room(const Source& source, BootChain& out) {
  out.boot_folder = out.image.empty() ? "/boot" : fs::path(out.image).parent_path().string();
  std::error_code failed;
  if (!out.image.empty()) {
    const auto bytes = fs::file_size(source.root / out.image.substr(1), failed);
    if (!failed) out.image_bytes = bytes;
  }
  const auto space = fs::space(source.root / out.boot_folder.substr(1), failed);
  if (!failed) {
    out.boot_free = space.available;
    out.boot_free_known = true;
  }
  const auto mount = mount_of(mounts(source), out.boot_folder);
  out.boot_on_fat = mount && (mount->type == "vfat" || mount->type == "msdos" || mount->type == "exfat");
}

/// A /boot that fstab has and that is not mounted: what is written to the folder there, no boot loader sees.
void find_unmounted(const Source& source, BootChain& out) {
  const auto all = mounts(source);
  if (all.empty()) return;
  for (const auto& raw : base::lines(text_at(source, "/etc/fstab", out.faults))) {
    const auto words = command_words(base::trim(raw));
    if (words.size() < 3 || words[0].starts_with('#')) continue;
    const auto& at = words[1];
    if (at != "/boot" && at != "/efi" && at != "/boot/efi") continue;
    // Where an image is found, what is below /efi is not needed for one.
    if (at != "/boot" && !out.image.empty()) continue;
    if (std::ranges::find(all, at, &MountPoint::at) == all.end() && (out.not_mounted.empty() || at == "/boot"))
      out.not_mounted = at;
  }
}

}  // namespace

BootChain read_boot_chain(const Source& source) {
  BootChain out;
  const auto next = next_line(source);
  if (!next.boot.image.empty()) out.image = on_system(source, next.boot.image);
  out.image_why = base::printable(next.boot.source, 120);
  if (next.boot.kernel) out.kernel = next.boot.kernel->text();
  out.cmdline = base::printable(next.boot.cmdline, 4096);
  out.cmdline_known = next.boot.cmdline_known;
  for (const auto& word : command_words(next.boot.cmdline)) {
    if (is_network_word(word)) out.network_words.push_back(base::printable(word, 200));
  }
  if (!out.cmdline_known) out.faults.emplace_back("the kernel's command line of the next boot is not known");
  read_firmware(source, out);
  if (out.image.empty()) out.faults.push_back(next.fault);
  read_generator(source, out);
  read_room(source, out);
  find_unmounted(source, out);
  choose_network_stack(source, out);
  return out;
}

}  // namespace detect
