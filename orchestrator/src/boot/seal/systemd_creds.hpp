// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "seal/credential.hpp"

namespace seal {

/// What has to be as it is, or signed, for the TPM to open the key.
struct Policy {
  PcrMask pcrs = PcrMask{1} << 7U;  // Secure Boot's state
  std::string signer;               // a PEM file: the public key of signed policies; "": there is none
  PcrMask signed_pcrs = PcrMask{1} << 11U;
};

/// systemd-creds(1), called so that keys pass through files in a private folder alone.
class SystemdCreds {
 public:
  /// base::Error where there is none, or one below version 250. `device` is for --tpm2-device=; "": the machine's own.
  SystemdCreds(std::string device, const base::Context& context);

  [[nodiscard]] unsigned version() const { return version_; }
  /// Whether there is a TPM to seal to; else why not, and what to do about it.
  [[nodiscard]] std::string why_no_tpm() const;

  /// `key` sealed to the TPM. base::Error with what systemd-creds says.
  void seal(const std::filesystem::path& key, const std::filesystem::path& credential, const Policy& policy) const;
  /// `key` encrypted with this system's own secret, which lies on its root file system.
  void keep(const std::filesystem::path& key, const std::filesystem::path& recovery) const;
  /// The opposite of both. "" if `key` is there now; else why not, printable.
  [[nodiscard]] std::string open(const std::filesystem::path& credential, const std::filesystem::path& key) const;

 private:
  [[nodiscard]] base::Outcome run(const std::vector<std::string>& arguments) const;
  std::string device_;
  base::Context context_;
  unsigned version_ = 0;
};

/// What `device` may be: "tpm2-tss driver:parameters" or a device node, without a blank; "" for the machine's own.
[[nodiscard]] bool is_tpm_device(std::string_view device);

}  // namespace seal
