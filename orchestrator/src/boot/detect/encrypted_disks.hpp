// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"
#include "storage/crypttab.hpp"
#include "storage/storage.hpp"

namespace detect {

/// How an encrypted device below /, /usr or the swap of resume= is opened.
struct EncryptedDevice {
  std::string name;     // of /dev/mapper, a ZFS dataset
  std::string uuid;     // of its LUKS header; "": none
  std::string format;   // "LUKS1", "LUKS2", "ZFS", "plain", "BITLK", "TCRYPT"; "": not known
  std::string purpose;  // "/", "/usr", "resume"
  std::string device;   // that holds it: "/dev/vda5"; "": not known
  bool asks = true;     // for a passphrase; false: a key file, a TPM, a network key opens it first
  std::vector<std::string>
      automatic;         // what opens it without a passphrase: "tpm2", "fido2", "pkcs11", "clevis", "key file /dev/..."
  std::string key_file;  // of crypttab, rd.luks.key= or ZFS's keylocation; "": none
  std::string key_device;    // that the key file is on, by crypttab or because it is mounted; "": the root, not known
  std::string keyscript_of;  // crypttab's keyscript=
  bool keyscript = false;    // which systemd-cryptsetup ignores
  bool random_key = false;   // a new key at each boot: nothing can be resumed from it
  bool in_crypttab = false;
  std::size_t crypttab_line = 0;  // from 1
  bool on_command_line = false;   // rd.luks.uuid=, rd.luks.name=
};

struct Disks {
  storage::Storage storage;  // what /, /usr and resume lie on
  std::vector<storage::CrypttabLine> crypttab;
  std::vector<EncryptedDevice> encrypted;  // what the boot needs
  std::vector<std::string> later;          // names of crypttab that ask only in the real system
  bool nothing_encrypted = false;          // it is certain that nothing the boot needs is encrypted
  bool boot_encrypted = false;             // /boot, where GRUB reads kernel and image, is on an encrypted device
  bool zfs_module = false;                 // dracut's module zfs, which asks for passphrases of ZFS
  std::vector<std::string> faults;
};

/// The command line is that of the next boot where it is known, else the running one. LUKS tokens are read by
/// cryptsetup(8) luksDump, keys of ZFS by zfs(8) get: both read headers, and only root may.
[[nodiscard]] Disks read_disks(const Source& source);

}  // namespace detect
