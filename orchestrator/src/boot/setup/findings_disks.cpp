// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"
#include "storage/storage.hpp"

namespace setup {
namespace {

using detect::EncryptedDevice;
using inspect::Findings;
using inspect::Severity;

std::string purpose_text(const std::string& purpose) {
  return purpose == "resume" ? "resume from hibernation" : base::printable(purpose);
}

/// "cryptroot (LUKS2 on /dev/vda5, for /)"
std::string device_text(const EncryptedDevice& device) {
  auto what = device.format.empty() ? "encrypted" : base::printable(device.format, 20);
  if (!device.device.empty()) what += " on " + base::printable(device.device);
  return fmt::format("{} ({}, for {})", base::printable(device.name), what, purpose_text(device.purpose));
}

std::string device_path(const EncryptedDevice& device) { return device.device.empty() ? "DEVICE" : device.device; }

std::string line_text(const EncryptedDevice& device) {
  return device.crypttab_line == 0 ? "the kernel's command line"
                                   : fmt::format("/etc/crypttab:{}", device.crypttab_line);
}

void judge_keyscript(const EncryptedDevice& device, Findings& out) {
  out.push_back(
      {"host.encrypted.keyscript", Severity::error,
       fmt::format("{} has keyscript={} of {}, which systemd-cryptsetup does not run: an image of dracut asks for a "
                   "passphrase in its place",
                   line_text(device), base::printable(device.keyscript_of), device_text(device)),
       fmt::format(
           "see that it has a key slot with a passphrase: cryptsetup luksAddKey {}; then take keyscript= and the "
           "third field out of that line: {} UUID={} none luks",
           base::shell_quote(base::printable(device_path(device))), base::printable(device.name),
           device.uuid.empty() ? "..." : base::printable(device.uuid))});
}

void judge_key_file(const EncryptedDevice& device, Findings& out) {
  const auto file = base::printable(device.key_file);
  if (!device.key_device.empty() || device.key_file.starts_with("/dev/"))
    return out.push_back({"host.encrypted.keyfile", Severity::warning,
                          fmt::format("{} is opened by the key file {}{}, if that is there when it boots: else it asks "
                                      "for a passphrase",
                                      device_text(device), file,
                                      device.key_device.empty() ? "" : " on " + base::printable(device.key_device)),
                          fmt::format("see that it has a key slot with a passphrase, too: cryptsetup luksAddKey {}",
                                      base::shell_quote(base::printable(device_path(device))))});
  out.push_back({"host.encrypted.keyfile", Severity::warning,
                 fmt::format("{} is opened by the key file {}: an image that lacks the file asks for a passphrase, and "
                             "one that has it gives the key to whoever reads it",
                             device_text(device), file),
                 fmt::format("see that it has a key slot with a passphrase, too: cryptsetup luksAddKey {}",
                             base::shell_quote(base::printable(device_path(device))))});
}

void judge_device(const EncryptedDevice& device, Findings& out) {
  if (device.random_key) return;  // inspect's crypt.opens
  if (device.keyscript) return judge_keyscript(device, out);
  if (device.asks)
    out.push_back({"host.encrypted", Severity::good, device_text(device) + " asks for a passphrase", ""});
  if (!device.key_file.empty()) judge_key_file(device, out);
  std::vector<std::string> others;
  std::ranges::copy_if(device.automatic, std::back_inserter(others),
                       [](const std::string& each) { return !each.starts_with("key file"); });
  if (!others.empty())
    out.push_back(
        {"host.encrypted.automatic", Severity::note,
         fmt::format("{} is opened by {} first; a passphrase is asked for when that fails, as a TPM does after "
                     "an update of firmware or kernel",
                     device_text(device), listed(others)),
         ""});
}

void judge_zfs(const detect::Disks& disks, Findings& out) {
  const auto found = std::ranges::find(disks.encrypted, "ZFS", &EncryptedDevice::format);
  if (found == disks.encrypted.end()) return;
  if (disks.zfs_module)
    return out.push_back({"host.encrypted.zfs", Severity::note,
                          fmt::format("dracut's module zfs, which is OpenZFS's own, asks for the passphrase of {}",
                                      base::printable(found->name)),
                          ""});
  out.push_back({"host.encrypted.zfs", Severity::error,
                 fmt::format("dracut's module zfs, which asks for the passphrase of {}, is not installed",
                             base::printable(found->name)),
                 "install OpenZFS's package for dracut (zfs-dracut)"});
}

bool is_known(const detect::Disks& disks) { return disks.nothing_encrypted || !disks.encrypted.empty(); }

}  // namespace

void add_disk_findings(const detect::Machine& machine, Findings& out) {
  const auto& disks = machine.disks;
  for (const auto& device : disks.encrypted) judge_device(device, out);
  judge_zfs(disks, out);
  if (disks.nothing_encrypted)
    out.push_back(
        {"host.encrypted", Severity::note,
         "nothing that the boot needs is encrypted, so it waits for no passphrase; sshd is still there when the "
         "root file system is not found, for repairs in the emergency shell",
         ""});
  const auto root = disks.storage.needs.find("/");
  if (!is_known(disks) && root != disks.storage.needs.end() && disks.faults.empty())
    out.push_back({"host.encrypted", Severity::unknown,
                   fmt::format("/ is {}: whether something below it is encrypted is not known",
                               base::printable(storage::chain_text(disks.storage, root->second), 300)),
                   "lsblk --inverse"});
  if (!is_known(disks) && root == disks.storage.needs.end() && disks.faults.empty())
    out.push_back({"host.encrypted", Severity::unknown, "what / lies on is not known: it is no device of this machine",
                   "findmnt /"});
  for (const auto& name : disks.later)
    out.push_back(
        {"host.encrypted.later", Severity::warning,
         fmt::format("{} of /etc/crypttab asks for its passphrase in the real system, when nobody can log in yet",
                     base::printable(name)),
         "add x-initrd.attach to the options of its line, or nofail if the boot can go on without it"});
  if (disks.boot_encrypted) {
    const bool grub = machine.boot.loader == "grub" || machine.boot.loader == "bls";
    out.push_back(
        {"host.boot.encrypted", grub ? Severity::error : Severity::warning,
         fmt::format("{} is on an encrypted device: {} asks for its passphrase, on the console, before there is "
                     "a kernel and an sshd",
                     base::printable(machine.boot.boot_folder, 200), grub ? "GRUB" : "a boot loader that reads it"),
         "give /boot a file system of its own that is not encrypted, or have the TPM open it for the boot "
         "loader"});
  }
  add_faults("host.encrypted", Severity::unknown, disks.faults, out);
}

}  // namespace setup
