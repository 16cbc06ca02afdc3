// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "openssh/key.hpp"
#include "seal/credential.hpp"

namespace seal {

/// The name that is part of the credential: it opens under no other one.
inline constexpr const char* kName = "ssh_host_ed25519_key";

// Paths below the root of the system.
inline constexpr const char* kFolder = "etc/dracut-sshd/sealed";
inline constexpr const char* kFreshFolder = "etc/dracut-sshd/sealed.new";
inline constexpr const char* kOldFolder = "etc/dracut-sshd/sealed.old";

// Names in the folder.
inline constexpr const char* kCredential = "ssh_host_ed25519_key.cred";
inline constexpr const char* kRecovery = "ssh_host_ed25519_key.recovery";
inline constexpr const char* kPublic = "ssh_host_ed25519_key.pub";
inline constexpr const char* kUnsealed = "unsealed_ssh_host_ed25519_key";
inline constexpr const char* kUnsealedPublic = "unsealed_ssh_host_ed25519_key.pub";
inline constexpr const char* kSigner = "tpm2-pcr-public-key.pem";

// Where the module puts them in an image.
inline constexpr const char* kImageCredential = "usr/lib/dracut-sshd/sealed/ssh_host_ed25519_key.cred";
inline constexpr const char* kImagePublic = "usr/lib/dracut-sshd/sealed/ssh_host_ed25519_key.pub";

/// /etc/dracut-sshd/sealed, where the sealed host key is kept on the system.
struct SealedFolder {
  std::string credential;  // the file's text
  ParsedCredential parsed;
  std::optional<openssh::PublicKey> sealed;    // which key is in the credential, as the file beside it says
  std::optional<openssh::PublicKey> unsealed;  // that is shown where the TPM does not open the sealed one
  bool has_recovery = false;                   // the key is there once more, for this system's own secret
  bool has_signer = false;                     // the public key of a signed policy
};

/// Nothing where sealing is off: there is no credential. base::Error where one is there and cannot be read.
[[nodiscard]] std::optional<SealedFolder> read_sealed_folder(const std::filesystem::path& root);

}  // namespace seal
