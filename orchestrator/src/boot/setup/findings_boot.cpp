// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"

namespace setup {
namespace {

using detect::BootChain;
using inspect::Findings;
using inspect::Severity;

void judge_generator(const detect::Machine& machine, Findings& out) {
  constexpr const char* kId = "host.generator";
  const auto& boot = machine.boot;
  const auto name = base::printable(boot.generator, 40);
  const auto why = base::printable(boot.generator_why, 120);
  if (boot.generator == "dracut")
    return out.push_back({kId, Severity::good,
                          fmt::format("dracut{} makes the initramfs ({})",
                                      boot.dracut.empty() ? "" : " " + base::printable(boot.dracut, 40), why),
                          ""});
  if (boot.generator.empty())
    return out.push_back({kId, Severity::unknown, "what makes the initramfs here is not known", "install dracut"});
  const auto replaces = std::ranges::find(machine.packages.replaced, boot.generator) != machine.packages.replaced.end();
  std::string remedy = machine.packages.install.empty() ? fmt::format("have dracut make it in the place of {}", name)
                                                        : base::shell_quote(machine.packages.install);
  if (!machine.packages.install.empty())
    remedy +=
        replaces ? fmt::format(", which removes {}", name) : fmt::format(", and keep {} from making images", name);
  if (boot.generator == "mkinitcpio") remedy += ": ln -s /dev/null /etc/pacman.d/hooks/90-mkinitcpio-install.hook";
  out.push_back({kId, Severity::error,
                 fmt::format("{} makes the initramfs ({}), and the module is dracut's: an image of {} has no sshd",
                             name, why, name),
                 remedy + "; read host.generator.tied first, and reboot once while you can reach the console"});
  if (boot.tied_to_generator.empty())
    return out.push_back({"host.generator.tied", Severity::good,
                          fmt::format("nothing is configured for {} that dracut would not do", name), ""});
  for (const auto& tied : boot.tied_to_generator)
    out.push_back(
        {"host.generator.tied", Severity::warning, fmt::format("dracut does not read {}", base::printable(tied, 300)),
         "see whether the boot needs it, and what dracut.conf(5) or the kernel's command line has in its place"});
}

void judge_image(const BootChain& boot, Findings& out) {
  if (!boot.not_mounted.empty())
    out.push_back({"host.boot.mounted", Severity::error,
                   fmt::format("{} is in /etc/fstab and not mounted: what is written there, no boot loader reads",
                               base::printable(boot.not_mounted)),
                   "mount " + base::shell_quote(base::printable(boot.not_mounted))});
  if (boot.image.empty()) return;  // a fault says why
  out.push_back({"host.image", Severity::good,
                 fmt::format("{}, {}, {}", base::printable(boot.image, 200), base::human_size(boot.image_bytes),
                             base::printable(boot.image_why, 120)),
                 ""});
}

/// dracut-sshd-rebuild(8) wants room for the new image and a tenth over; where links do not work, or another program
/// writes the image, for a copy of the old one as well.
void judge_room(const BootChain& boot, Findings& out) {
  constexpr const char* kId = "host.boot.room";
  const auto folder = base::printable(boot.boot_folder, 200);
  if (!boot.boot_free_known || boot.image_bytes == 0)
    return out.push_back({kId, Severity::warning,
                          fmt::format("whether {} has room for another image is not known", folder),
                          "df -h " + folder});
  const auto one = boot.image_bytes + boot.image_bytes / 10;
  const auto needed = boot.boot_on_fat || boot.generator != "dracut" ? 2 * one : one;
  const auto text = fmt::format("{} has {} free", folder, base::human_size(boot.boot_free));
  const auto* remedy = "remove a kernel that is not needed any more";
  if (boot.boot_free < needed)
    return out.push_back({kId, Severity::error,
                          fmt::format("{}, and dracut-sshd-rebuild needs {} for the new image beside the old one", text,
                                      base::human_size(needed)),
                          remedy});
  if (boot.boot_free < 2 * one)
    return out.push_back(
        {kId, Severity::warning,
         fmt::format("{}: room for the new image, if it does not grow much by sshd and the network; the "
                     "one that is there is {}",
                     text, base::human_size(boot.image_bytes)),
         remedy});
  out.push_back(
      {kId, Severity::good, fmt::format("{}; the image is {}", text, base::human_size(boot.image_bytes)), ""});
}

void judge_fat(const BootChain& boot, Findings& out) {
  if (!boot.boot_on_fat) return;
  out.push_back(
      {"host.boot.fat", Severity::note,
       fmt::format("{} is on FAT, which has no modes: the mount's options decide who can read the host keys in "
                   "an image",
                   base::printable(boot.boot_folder, 200)),
       "fmask=0077,dmask=0077 among its options in /etc/fstab"});
}

void judge_loader(const BootChain& boot, Findings& out) {
  if (boot.loader.empty())
    out.push_back({"host.loader", Severity::note, "which boot loader starts the machine is not known", ""});
  else
    out.push_back({"host.loader", Severity::good,
                   boot.loader == "bls"    ? "GRUB, by entries of the Boot Loader Specification"
                   : boot.loader == "grub" ? "GRUB"
                   : boot.loader == "uki"  ? "the firmware, which starts a unified kernel image"
                                           : base::printable(boot.loader, 40),
                   ""});
  const bool checked = boot.secure_boot == "enabled";
  if (boot.uki) {
    const auto signer = base::printable(boot.uki_signer, 40);
    const bool unsigned_one = checked && boot.uki_signer.empty();
    const bool by_rebuild = signer == "ukify" || signer == "dracut";
    out.push_back({"host.uki",
                   unsigned_one ? Severity::error
                   : by_rebuild ? Severity::note
                                : Severity::warning,
                   fmt::format("the next boot is a unified kernel image: the initramfs is a part of it, and {}",
                               unsigned_one ? "Secure Boot starts none that is not signed; what signs it is not known"
                               : signer.empty()     ? "nothing signs it"
                               : signer == "dracut" ? "dracut makes and signs it"
                                                    : signer + " signs it"),
                   by_rebuild ? "dracut-sshd-rebuild has it made and signed so (docs/uki.md)"
                              : "make and sign the image anew in the way this system does, then: dracut-sshd inspect "
                                "FILE.efi (docs/uki.md)"});
  }
  if (checked && !boot.uki)
    out.push_back(
        {"host.secureboot", Severity::note,
         "Secure Boot is enabled; it checks the kernel, and not the initramfs beside it: who can write to the "
         "boot partition can change what asks for the passphrase",
         "docs/security.md has what protects against that"});
  if (boot.secure_boot == "setup mode")
    out.push_back({"host.secureboot", Severity::note, "Secure Boot is in setup mode: it checks nothing", ""});
}

}  // namespace

void add_boot_findings(const detect::Machine& machine, Findings& out) {
  const auto& boot = machine.boot;
  judge_generator(machine, out);
  judge_image(boot, out);
  judge_room(boot, out);
  judge_fat(boot, out);
  judge_loader(boot, out);
  add_faults("host.boot", Severity::unknown, boot.faults, out);
}

}  // namespace setup
