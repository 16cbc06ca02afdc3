// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/secure_boot.hpp"
#include "initramfs/pe_signature.hpp"

/// Which keys the firmware of a rehearsal has.
namespace rehearsal {

struct SecureBootKeys {
  bool on = false;  // Secure Boot
  std::string pk;   // EFI_SIGNATURE_LISTs
  std::string kek;
  std::string db;
  std::string dbx;
  std::string words;  // whose they are, for people
};

/// A certificate (DER, PEM), a signature list (.esl) or an update (.auth) for db; or a folder: efivarfs, or one that
/// has PK, KEK, db and dbx as such files, also as sbctl(8) has them. base::Error where there is no db.
[[nodiscard]] SecureBootKeys keys_of_path(const std::filesystem::path& path);

/// Those of the firmware of the machine that the image is for.
[[nodiscard]] SecureBootKeys keys_of_machine(const host::SecureBoot& machine);

/// Where the machine's are not known: what has signed the image stands for them.
[[nodiscard]] SecureBootKeys keys_of_signer(const std::vector<initramfs::PeSignature>& signatures);

}  // namespace rehearsal
