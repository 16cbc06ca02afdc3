// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Host keys of the initramfs that no file holds in the clear: sealed to the machine's TPM by systemd-creds(1).
namespace seal {

/// Platform configuration registers of a TPM: bit N is PCR N.
using PcrMask = std::uint32_t;

/// What an encrypted credential says of itself in the clear: what has to be there to open it. Format: the structures
/// before the ciphertext in systemd's src/shared/creds-util.c, the same from v250 to v258; v262 has further kinds. All
/// of it is authenticated only by opening the credential, so here it is a claim.
struct Credential {
  bool needs_tpm = false;
  bool needs_host_secret = false;  // /var/lib/systemd/credential.secret, which an initramfs has not
  PcrMask pcrs = 0;                // whose values have to be those of the day on which it was sealed
  std::string bank;                // of these: "sha256"
  PcrMask signed_pcrs = 0;         // whose values have to be signed; 0: none
  std::string signer;              // SHA-256 of the DER public key that has to have signed them, in hex

  /// For people: "PCR 7 (sha256), and PCR 11 signed by the key 1f2e...".
  [[nodiscard]] std::string policy() const;
};

struct ParsedCredential {
  std::optional<Credential> credential;
  std::string why;            // why there is none, as the end of a sentence about the credential
  bool unknown_kind = false;  // it may well be one of a systemd that is younger than this program
};

/// The largest file that systemd reads as one, in base64.
inline constexpr std::uint64_t kLongestCredential = 2U << 20U;

/// The base64 text that `systemd-creds encrypt` writes.
[[nodiscard]] ParsedCredential parse_credential(std::string_view text);

/// "7+11"; "" for none.
[[nodiscard]] std::string text_of(PcrMask pcrs);

/// "7", "7+11" or "7,11": numbers from 0 to 23. Nothing for anything else, and for none at all.
[[nodiscard]] std::optional<PcrMask> parse_pcrs(std::string_view text);

}  // namespace seal
