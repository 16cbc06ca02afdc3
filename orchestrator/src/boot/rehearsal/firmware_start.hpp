// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rehearsal/plan.hpp"
#include "rehearsal/request.hpp"
#include "rehearsal/secure_boot_keys.hpp"
#include "rehearsal/subject.hpp"
#include "vm/efi_firmware.hpp"
#include "vm/machine.hpp"

/// A UKI, started by a firmware with Secure Boot, as it is: not one of its bytes may be changed, or its signature is
/// none. What a rehearsal has to add (a key that logs in, a console) comes by words on the command line, which
/// systemd-stub takes from whoever runs the virtual machine (SMBIOS strings of type 11, since 254), and measures.
namespace rehearsal {

struct FirmwareStart {
  std::optional<vm::Firmware> firmware;  // nothing: no firmware is in it
  std::string why_not;                   // why; "" where it is no UKI
  std::string why_only_start;            // why only the start is seen so, and the boot without the firmware; "": all is
  SecureBootKeys keys;

  [[nodiscard]] bool is_whole() const { return firmware && why_only_start.empty(); }
};

/// What can be done with this image, as far as it and the request tell. `root`: where the firmware's files are.
[[nodiscard]] FirmwareStart firmware_start_of(const Subject& subject, const Request& request,
                                              const std::filesystem::path& root = "/");

/// The version of the UKI's systemd-stub; 0 where it has none, or none that is known.
[[nodiscard]] unsigned stub_version(const initramfs::Image& image);

/// Words with which systemd-tmpfiles(8) of the image adds `public_key` to its file of keys. "" where the image cannot.
[[nodiscard]] std::string words_for_key(const inspect::Facts& facts, const std::string& public_key);

/// The folder that is to be the boot partition, made at `folder`: the UKI, under its name, with its add-ons and
/// credentials. Returns its path there, and what came along.
struct BootPartition {
  std::string path;                // "\EFI\Linux\x.efi"
  std::vector<std::string> extra;  // names
};
[[nodiscard]] BootPartition make_boot_partition(Subject& subject, const std::filesystem::path& folder);

/// What the virtual machine's firmware reads, made below `folder`: that partition, and variables with the keys in them.
/// `start` has a firmware. base::Error names the file of variables that cannot be used.
struct MadeFirmwareBoot {
  vm::FirmwareBoot boot;
  std::vector<std::string> extra;  // of the boot partition
};
[[nodiscard]] MadeFirmwareBoot make_firmware_boot(const FirmwareStart& start, Subject& subject,
                                                  const std::filesystem::path& folder);

/// What of this start differs from the machine's own, in sentences; none where the image is no UKI.
[[nodiscard]] std::vector<std::string> changes_of(const FirmwareStart& start, bool throw_away_key);

}  // namespace rehearsal
