// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/efi_firmware.hpp"

#include <array>
#include <system_error>

namespace vm {
namespace {

struct Pair {
  const char* code;
  const char* variables;
};
// Builds with Secure Boot, which want SMM; the larger ones (4 MiB) first, in which there is room for more keys.
constexpr std::array kFirmwares{
    Pair{"usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"},            // Debian, Ubuntu
    Pair{"usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd", "usr/share/edk2/x64/OVMF_VARS.4m.fd"},    // Arch
    Pair{"usr/share/qemu/ovmf-x86_64-smm-code.bin", "usr/share/qemu/ovmf-x86_64-smm-vars.bin"},  // SUSE
    Pair{"usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "usr/share/edk2/ovmf/OVMF_VARS.fd"},        // Fedora and its kin
    Pair{"usr/share/edk2-ovmf/OVMF_CODE.secboot.fd", "usr/share/edk2-ovmf/OVMF_VARS.fd"},        // Gentoo
    Pair{"usr/share/OVMF/OVMF_CODE.secboot.fd", "usr/share/OVMF/OVMF_VARS.fd"},
};

}  // namespace

std::optional<Firmware> secure_firmware(const Architecture& architecture, const std::filesystem::path& root) {
  if (!architecture.has_secure_firmware) return std::nullopt;
  for (const auto& [code, variables] : kFirmwares) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(root / code, ignored) &&
        std::filesystem::is_regular_file(root / variables, ignored))
      return Firmware{root / code, root / variables};
  }
  return std::nullopt;
}

}  // namespace vm
