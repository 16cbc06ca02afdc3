// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace host {

/// What the firmware of the system at `root` says about Secure Boot, by efivarfs
/// (Documentation/filesystems/efivarfs.rst; UEFI specification, "Secure Boot Variables"). Lists are
/// EFI_SIGNATURE_LISTs; "" where there are none.
struct SecureBoot {
  std::optional<bool> enabled;  // nothing: no UEFI, or not known
  bool setup_mode = false;      // no key is enrolled: nothing is checked
  std::string pk;
  std::string kek;
  std::string db;
  std::string dbx;
  std::string mok;  // keys that shim takes beside db
};

[[nodiscard]] SecureBoot secure_boot(const std::filesystem::path& root);

/// The same variables out of a folder that is like efivarfs.
[[nodiscard]] SecureBoot secure_boot_in(const std::filesystem::path& folder);

}  // namespace host
