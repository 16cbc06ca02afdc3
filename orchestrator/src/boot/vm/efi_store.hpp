// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The variable store of OVMF, as a file that qemu shows to it as flash: a firmware volume with one store in it, and
/// variables one after the other (edk2, MdeModulePkg/Include/Guid/VariableFormat.h; UEFI PI specification, "Firmware
/// Volume"). An empty store comes with OVMF; what is added here is there when the firmware starts, as if somebody had
/// enrolled it.
namespace vm {

/// 8be4df61-93ca-11d2-aa0d-00e098032b8c and the like, as they stand in the store.
inline constexpr std::string_view kEfiGlobal("\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c", 16);
inline constexpr std::string_view kEfiDatabase("\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f", 16);
/// Whether OVMF itself has Secure Boot switched on (f0a30bc7-af08-4556-99c4-001009c93a44).
inline constexpr std::string_view kEfiSwitch("\xc7\x0b\xa3\xf0\x08\xaf\x56\x45\x99\xc4\x00\x10\x09\xc9\x3a\x44", 16);

struct EfiVariable {
  std::string name;  // ASCII
  std::string_view vendor;
  std::uint32_t attributes = 7;  // non-volatile, for boot services and at run time
  std::string data;
};

/// With these variables behind those that are in it. base::Error where it is no store, or has no room for them.
[[nodiscard]] std::string with_variables(std::string store, const std::vector<EfiVariable>& variables);

/// Keys of Secure Boot, as EFI_SIGNATURE_LISTs, and that it is on.
[[nodiscard]] std::vector<EfiVariable> secure_boot_variables(const std::string& pk, const std::string& kek,
                                                             const std::string& db, const std::string& dbx);

/// A boot entry, Boot0000, and that it is the first: the file `path` ("\EFI\Linux\x.efi") of any file system.
[[nodiscard]] std::vector<EfiVariable> boot_variables(const std::string& path);

}  // namespace vm
