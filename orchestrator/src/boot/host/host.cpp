// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <system_error>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "host/boot_files.hpp"
#include "host/small_file.hpp"

namespace host {
namespace {

namespace fs = std::filesystem;

/// How distributions call an image; %k is the kernel's release. The same list as the module's initrd.sh.
constexpr const char* kNames[] = {"initramfs-%k.img", "initrd.img-%k", "initrd-%k", "initrd-%k.img"};

/// Later is greater, as `sort -V` has it.
bool is_older(const std::string& left, const std::string& right) { return strverscmp(left.c_str(), right.c_str()) < 0; }

std::string setting(const fs::path& file, std::string_view key) {
  std::string out;
  for (const auto& raw : base::lines(read_small(file).value_or(""))) {
    auto line = base::trim(raw);
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    line = base::trim(line.substr(key.size() + 1));
    if (line.size() > 1 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front())
      line = line.substr(1, line.size() - 2);
    out = line;
  }
  return out;
}

std::vector<KernelRelease> kernels(const fs::path& root) {
  std::vector<KernelRelease> out;
  for (const auto* folder : {"usr/lib/modules", "lib/modules"}) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root / folder, ignored)) {
      const auto release = KernelRelease::from(entry.path().filename().string());
      if (release &&
          (fs::exists(entry.path() / "modules.dep", ignored) || fs::exists(entry.path() / "modules.builtin", ignored)))
        out.push_back(*release);
    }
  }
  std::ranges::sort(out, is_older, &KernelRelease::text);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// An entry of the Boot Loader Specification, type 1.
struct Entry {
  std::string id;
  std::string version;
  std::vector<std::string> initrds;
  std::string linux_file;
  std::string options;
  fs::path base;  // what its paths are relative to
};

std::vector<Entry> entries(const fs::path& root) {
  std::vector<Entry> out;
  for (const auto* base : {"boot", "efi", "boot/efi"}) {
    std::error_code ignored;
    for (const auto& file : fs::directory_iterator(root / base / "loader/entries", ignored)) {
      if (file.path().extension() != ".conf") continue;
      Entry entry;
      entry.id = file.path().stem().string();
      entry.base = root / base;
      for (const auto& raw : base::lines(read_small(file.path()).value_or(""))) {
        const auto line = base::trim(raw);
        const auto space = line.find_first_of(" \t");
        if (space == std::string_view::npos) continue;
        const auto key = line.substr(0, space);
        const std::string value(base::trim(line.substr(space)));
        if (key == "version") entry.version = value;
        if (key == "initrd") {
          for (const auto& one : base::split(value, ' ')) {
            if (!one.empty()) entry.initrds.push_back(one);
          }
        }
        if (key == "linux") entry.linux_file = value;
        if (key == "options") entry.options += (entry.options.empty() ? "" : " ") + value;
      }
      if (!entry.version.empty()) out.push_back(std::move(entry));
    }
  }
  std::ranges::sort(out, [](const Entry& left, const Entry& right) { return is_older(left.version, right.version); });
  return out;
}

/// An entry's version may be anything (ostree counts deployments): the release is the installed kernel that its version
/// or its image's path names; nothing if none does.
std::optional<KernelRelease> release_of(const fs::path& root, const Entry& entry) {
  std::optional<KernelRelease> found;
  for (const auto& kernel : kernels(root)) {
    const auto& name = kernel.text();
    if (entry.version == name) return kernel;
    for (const auto& initrd : entry.initrds) {
      if (initrd.find(name) != std::string::npos && (!found || name.size() > found->text().size())) found = kernel;
    }
    if (entry.version.ends_with("@" + name)) found = kernel;
  }
  return found;
}

std::optional<fs::path> file_of_entry(const fs::path& root, const Entry& entry, const std::string& name) {
  std::error_code ignored;
  const auto relative = fs::path(name).relative_path();
  for (const auto& path : {entry.base / relative, root / relative}) {
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return std::nullopt;
}

std::optional<fs::path> image_of_entry(const fs::path& root, const Entry& entry) {
  for (const auto& initrd : entry.initrds) {
    if (initrd.find("ucode") != std::string::npos) continue;
    if (auto path = file_of_entry(root, entry, initrd)) return path;
  }
  return std::nullopt;
}

std::string saved_entry(const fs::path& root) {
  for (const auto* file : {"boot/grub2/grubenv", "boot/grub/grubenv", "boot/efi/grubenv"}) {
    if (auto saved = setting(root / file, "saved_entry"); !saved.empty()) return saved;
  }
  return {};
}

/// Every place where the image of `kernel` may be.
std::vector<fs::path> places(const fs::path& root, const KernelRelease& release) {
  const auto& kernel = release.text();
  std::vector<fs::path> out;
  for (const auto* file : {"etc/dracut-sshd/initrd.conf", "usr/lib/dracut/modules.d/46sshd/initrd.conf"}) {
    const auto name = setting(root / file, "IMAGE");
    if (name.starts_with('/')) out.push_back(root / base::replace_all(name.substr(1), "%k", kernel));
  }
  std::error_code ignored;
  if (fs::exists(root / "run/ostree-booted", ignored))
    out.push_back(root / "usr/lib/modules" / kernel / "initramfs.img");
  for (const auto* file : {"etc/kernel/entry-token", "etc/machine-id"}) {
    const std::string token(base::trim(read_small(root / file).value_or("")));
    if (!base::is_safe_relative(token)) continue;
    for (const auto* base : {"efi", "boot", "boot/efi"}) out.push_back(root / base / token / kernel / "initrd");
  }
  for (const auto* name : kNames) out.push_back(root / "boot" / base::replace_all(name, "%k", kernel));
  const std::string package(base::trim(read_small(root / "usr/lib/modules" / kernel / "pkgbase").value_or("")));
  if (base::is_safe_relative(package)) out.push_back(root / "boot" / ("initramfs-" + package + ".img"));
  return out;
}

/// The unified kernel images for `kernel` in the folders that boot loaders and firmware look into; the newest first.
/// Their names are kernel-install's (ENTRY-TOKEN-RELEASE.efi, with tries left as +N or +N-M), or dracut's
/// (linux-RELEASE-MACHINE-ID.efi).
std::vector<fs::path> unified_images(const fs::path& root, const KernelRelease& kernel) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  for (const auto* base : {"efi", "boot", "boot/efi"}) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root / base / "EFI/Linux", ignored)) {
      const auto name = entry.path().filename().string();
      if (is_unified_image_for(name, kernel.text()) && entry.is_regular_file(ignored))
        found.emplace_back(entry.last_write_time(ignored), entry.path());
    }
  }
  std::ranges::sort(found, std::ranges::greater());
  std::vector<fs::path> out;
  for (auto& [time, path] : found) out.push_back(std::move(path));
  return out;
}

/// Whether what boots is a unified kernel image: this system was booted by one's stub (systemd's Boot Loader
/// Interface), or kernel-install makes such.
bool boots_unified_images(const fs::path& root) {
  std::error_code ignored;
  if (fs::exists(root / "sys/firmware/efi/efivars/StubInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", ignored)) return true;
  for (const auto* file : {"etc/kernel/install.conf", "run/kernel/install.conf", "usr/local/lib/kernel/install.conf",
                           "usr/lib/kernel/install.conf"}) {
    if (fs::exists(root / file, ignored)) return setting(root / file, "layout") == "uki";
  }
  return false;
}

/// Its kernel, and the command line: the entry's, else GRUB's own, else today's.
void complete(const fs::path& root, NextBoot& boot, const std::string& options) {
  if (boot.kernel_file.empty() && boot.kernel) boot.kernel_file = kernel_file(root, *boot.kernel).value_or("");
  boot.cmdline = options;
  if (options.empty() && boot.kernel) boot.cmdline = grub_cmdline(root, *boot.kernel).value_or("");
  // GRUB's variables stand for what only GRUB knows.
  boot.cmdline_known = !boot.cmdline.empty() && boot.cmdline.find("$kernelopts") == std::string::npos;
  if (boot.cmdline_known || root != "/") return;
  if (const auto now = read_small("/proc/cmdline")) {
    boot.cmdline = base::trim(*now);
    boot.cmdline_known = true;
  }
}

}  // namespace

std::string readable_by_others(const fs::path& file) {
  std::error_code failed;
  const auto path = fs::canonical(file, failed);
  if (failed) return {};
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & 0044U) == 0) return {};
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    struct stat above {};
    if (stat(folder.c_str(), &above) != 0 || (above.st_mode & 0001U) == 0) return {};
    if (folder == folder.root_path()) break;
  }
  return fmt::format("{} has mode {:04o}", path.string(), status.st_mode & 07777U);
}

bool is_unified_image_for(std::string_view name, std::string_view kernel) {
  if (!name.ends_with(".efi")) return false;
  name.remove_suffix(4);
  if (name.starts_with("linux-") && name.substr(6).starts_with(kernel)) {
    const auto rest = name.substr(6 + kernel.size());
    return rest.empty() || rest.front() == '-';
  }
  if (const auto plus = name.rfind('+'); plus != std::string_view::npos && plus + 1 < name.size() &&
                                         name.find_first_not_of("0123456789-", plus + 1) == std::string_view::npos)
    name = name.substr(0, plus);
  return name == kernel ||
         (name.size() > kernel.size() && name.ends_with(kernel) && name[name.size() - kernel.size() - 1] == '-');
}

NextBoot next_boot(const fs::path& root, const std::optional<KernelRelease>& wanted) {
  const auto kernels_newest_first = [&] {
    auto out = wanted ? std::vector{*wanted} : kernels(root);
    std::ranges::reverse(out);
    return out;
  };
  const auto candidates = kernels_newest_first();
  const auto unified = [&](const KernelRelease& kernel, const char* why) -> std::optional<NextBoot> {
    const auto images = unified_images(root, kernel);
    if (images.empty()) return std::nullopt;
    // The command line is in it.
    return NextBoot{images.front(), kernel, {}, true, why, {}};
  };
  if (boots_unified_images(root)) {
    for (const auto& kernel : candidates) {
      if (auto out = unified(kernel, wanted ? "the unified kernel image of the kernel that was named"
                                            : "the newest kernel's unified kernel image"))
        return *out;
    }
  }
  const auto all = entries(root);
  const auto saved = !wanted ? saved_entry(root) : "";
  NextBoot boot;
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
    if (wanted ? release_of(root, *entry) != wanted : !saved.empty() && entry->id != saved) continue;
    if (const auto image = image_of_entry(root, *entry)) {
      boot = {*image,
              release_of(root, *entry),
              {},
              false,
              "the boot loader's entry " + entry->id,
              file_of_entry(root, *entry, entry->linux_file).value_or("")};
      complete(root, boot, entry->options);
      return boot;
    }
  }
  std::vector<std::string> looked;
  for (const auto& kernel : candidates) {
    for (const auto& place : places(root, kernel)) {
      std::error_code ignored;
      if (fs::is_regular_file(place, ignored)) {
        boot = {place, kernel, {}, false, !wanted ? "the newest kernel that has an image" : "the kernel that was named",
                {}};
        complete(root, boot, "");
        return boot;
      }
      looked.push_back(place.string());
    }
    if (auto out = unified(kernel, "the only image of this kernel that was found")) return *out;
  }
  if (candidates.empty())
    throw base::Error("no kernel is installed: nothing is in " + (root / "usr/lib/modules").string())
        .with_hint("name an image: dracut-sshd inspect FILE");
  throw base::Error("no image was found; looked for " + base::join(looked, ", "))
      .with_hint("name it, or say IMAGE= in /etc/dracut-sshd/initrd.conf");
}

namespace {

/// What udev's database has for an interface.
void read_udev(const fs::path& root, const fs::path& device, Nic& nic) {
  const std::string index(base::trim(read_small(device / "ifindex").value_or("")));
  if (index.empty() || index.find('/') != std::string::npos) return;
  const auto text = read_small(root / "run/udev/data" / ("n" + index));
  if (!text) return;
  nic.alternative_names.emplace();
  for (const auto& line : base::lines(*text)) {
    const auto equals = line.find('=');
    const auto key = std::string_view(line).substr(0, equals);
    if (equals == std::string::npos) continue;
    if (key == "E:ID_PATH") nic.path = line.substr(equals + 1);
    if (key == "E:ID_NET_LINK_FILE") nic.link_file = line.substr(equals + 1);
    for (const auto* name :
         {"E:ID_NET_NAME_ONBOARD", "E:ID_NET_NAME_SLOT", "E:ID_NET_NAME_PATH", "E:ID_NET_NAME_MAC"}) {
      if (key == name && line.substr(equals + 1) != nic.name) nic.alternative_names->push_back(line.substr(equals + 1));
    }
  }
}

}  // namespace

std::vector<Nic> nics(const fs::path& root) {
  std::vector<Nic> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root / "sys/class/net", ignored)) {
    const auto& path = entry.path();
    if (!fs::exists(path / "device", ignored) || fs::exists(path / "phy80211", ignored)) continue;
    if (base::trim(read_small(path / "type").value_or("1")) != "1") continue;
    Nic nic{path.filename().string(), fs::read_symlink(path / "device/driver", ignored).filename().string(), {}, {}};
    nic.address = base::trim(read_small(path / "address").value_or(""));
    nic.module = fs::read_symlink(path / "device/driver/module", ignored).filename().string();
    if (base::trim(read_small(path / "addr_assign_type").value_or("")) == "0") nic.permanent_address = nic.address;
    if (const auto own = read_small(path / "bonding_slave/perm_hwaddr")) nic.permanent_address = base::trim(*own);
    read_udev(root, path, nic);
    out.push_back(std::move(nic));
  }
  std::ranges::sort(out, {}, &Nic::name);
  return out;
}

}  // namespace host
