// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/source.hpp"
#include "storage/crypttab.hpp"
#include "storage/storage.hpp"

namespace detect {

/// How an encrypted device below /, /usr or the swap of resume= is opened.
struct EncryptedDevice {
  std::string name;     // of /dev/mapper, a ZFS dataset
  std::string uuid;     // of its LUKS header; "": none
  std::string format;   // "LUKS1", "LUKS2", "ZFS", "plain", "BITLK", "TCRYPT"; "": not known
  std::string purpose;  // "/", "/usr", "resume"
  bool asks = true;     // for a passphrase; false: a key file, a TPM, a network key opens it first
  std::vector<std::string>
      automatic;           // what opens it without a person: "tpm2", "fido2", "pkcs11", "clevis", "key file /dev/..."
  bool keyscript = false;  // crypttab's keyscript=, which systemd-cryptsetup ignores
  bool in_crypttab = false;
  bool on_command_line = false;  // rd.luks.uuid=, rd.luks.name=
};

struct Disks {
  storage::Storage storage;  // what /, /usr and resume lie on
  std::vector<storage::CrypttabLine> crypttab;
  std::vector<EncryptedDevice> encrypted;  // what the boot needs
  std::vector<std::string> later;          // names of crypttab that ask only in the real system
  bool nothing_encrypted = false;          // it is certain that nothing the boot needs is encrypted
  std::vector<std::string> faults;
};

[[nodiscard]] Disks read_disks(const Source& source);

}  // namespace detect
