// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/firmware.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "host/kernel_release.hpp"
#include "host/small_file.hpp"

namespace detect {
namespace {

/// UEFI specification, 8.2: the variables of the firmware; systemd's Boot Loader Interface: those of the loader.
constexpr std::string_view kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr std::string_view kLoader = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// A variable without its four bytes of attributes (Documentation/filesystems/efivarfs.rst).
std::optional<std::string> variable(const Source& source, std::string_view name, std::string_view vendor) {
  const auto text = host::read_small(source.root / fmt::format("sys/firmware/efi/efivars/{}-{}", name, vendor));
  if (!text || text->size() < 4) return std::nullopt;
  return text->substr(4);
}

/// UTF-16LE, of which these variables use ASCII alone; other characters become "?".
std::string text_variable(const Source& source, std::string_view name) {
  const auto bytes = variable(source, name, kLoader).value_or("");
  std::string out;
  for (std::size_t at = 0; at + 1 < bytes.size() && out.size() < 256; at += 2) {
    const auto c = bytes[at];
    if (c == '\0' && bytes[at + 1] == '\0') break;
    out += bytes[at + 1] == '\0' && c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

std::string secure_boot_state(const Source& source) {
  const auto setup = variable(source, "SetupMode", kGlobal);
  const auto secure = variable(source, "SecureBoot", kGlobal);
  if (setup && setup->size() == 1 && (*setup)[0] == 1) return "setup mode";
  if (!secure || secure->size() != 1) return {};
  return (*secure)[0] == 1 ? "enabled" : "disabled";
}

/// "layout=uki" of kernel-install(8): the first of these files that is there counts.
std::string kernel_install_value(const Source& source, std::string_view key) {
  for (const auto* file : {"etc/kernel/install.conf", "run/kernel/install.conf", "usr/local/lib/kernel/install.conf",
                           "usr/lib/kernel/install.conf"}) {
    if (const auto text = host::read_small(source.root / file)) return value_in(*text, key).value_or("");
  }
  return {};
}

/// The UKI for a kernel, by its name; with no kernel, or none for it, the last of all in order.
std::string newest_uki(const Source& source, const std::string& kernel) {
  std::string last;
  for (const std::string folder : {"/efi/EFI/Linux", "/boot/EFI/Linux", "/boot/efi/EFI/Linux"}) {
    for (const auto& name : names_in(source, folder)) {
      if (!name.ends_with(".efi")) continue;
      if (!kernel.empty() && name.find(kernel) != std::string::npos) return folder + "/" + name;
      last = folder + "/" + name;
    }
  }
  return last;
}

std::string signer_of(const Source& source) {
  std::vector<std::string> unused;
  for (const auto* file : {"/etc/kernel/uki.conf", "/etc/kernel/install.conf"}) {
    const auto text = text_at(source, file, unused);
    if (value_in(text, "SecureBootPrivateKey") || value_in(text, "SecureBootCertificate")) return "ukify";
  }
  if (!program_at(source, "sbctl").empty() &&
      (is_there(source, "/var/lib/sbctl/keys") || is_there(source, "/usr/share/secureboot/keys")))
    return "sbctl";
  for (const auto& name : names_in(source, "/etc/dracut.conf.d")) {
    if (value_in(text_at(source, "/etc/dracut.conf.d/" + name, unused), "uefi_secureboot_cert")) return "dracut";
  }
  return {};
}

bool has_entries(const Source& source) {
  for (const auto* folder : {"/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"}) {
    const auto names = names_in(source, folder);
    if (std::ranges::any_of(names, [](const std::string& name) { return name.ends_with(".conf"); })) return true;
  }
  return false;
}

std::string loader_by_files(const Source& source) {
  for (const std::string base : {"/efi", "/boot", "/boot/efi"}) {
    if (is_there(source, base + "/loader/loader.conf") && is_there(source, base + "/EFI/systemd"))
      return "systemd-boot";
  }
  const bool grub = is_there(source, "/boot/grub/grub.cfg") || is_there(source, "/boot/grub2/grub.cfg");
  if (grub) return has_entries(source) && is_there(source, "/boot/grub2/grub.cfg") ? "bls" : "grub";
  if (is_there(source, "/boot/extlinux/extlinux.conf")) return "extlinux";
  if (is_there(source, "/etc/zipl.conf")) return "zipl";
  return has_entries(source) ? "systemd-boot" : "";
}

}  // namespace

void read_firmware(const Source& source, BootChain& out) {
  out.secure_boot = secure_boot_state(source);
  const auto info = text_variable(source, "LoaderInfo");
  const auto selected = text_variable(source, "LoaderEntrySelected");
  out.loader = info.starts_with("systemd-boot") ? "systemd-boot" : loader_by_files(source);
  const bool stub = variable(source, "StubInfo", kLoader).has_value();
  const bool by_layout = kernel_install_value(source, "layout") == "uki";
  const bool only_uki = out.image.empty() && !newest_uki(source, out.kernel).empty();
  out.uki = selected.ends_with(".efi") || stub || by_layout || only_uki;
  if (!out.uki) return;
  if (info.empty() && (out.loader.empty() || stub)) out.loader = "uki";
  out.uki_signer = signer_of(source);
  if (const auto file = newest_uki(source, out.kernel); !file.empty()) {
    out.image = file;
    out.image_why = selected.ends_with(".efi") ? "the boot loader's entry " + selected
                    : stub                     ? "this system was booted by systemd-stub"
                    : by_layout                ? "layout=uki in kernel-install's install.conf"
                                               : "the only image that was found";
  }
}

}  // namespace detect
