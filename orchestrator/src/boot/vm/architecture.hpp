// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace vm {

/// What qemu calls the machines that this program can imitate.
struct Architecture {
  std::string_view name;             // as uname -m has it
  std::uint16_t elf_machine;         // e_machine of its programs (System V ABI; 62 is x86-64, 183 aarch64)
  std::string_view qemu;             // the program
  std::string_view machine;          // its -machine
  std::string_view imitated;         // its -cpu, where it is emulated
  std::string_view without_sata;     // what is added to that where no disk is at its SATA controller
  std::string_view console;          // the first serial port, as console= of the kernel names it
  std::string_view second_port;      // the second one's device, "" if the machine has but one
  std::string_view package;          // Debian's, which brings the program
  bool has_secure_firmware = false;  // a firmware with Secure Boot may be there for it (efi_firmware.hpp)
};

/// Of programs of this e_machine; nullptr for machines that are not known here.
[[nodiscard]] const Architecture* architecture_of(std::uint16_t elf_machine);
/// That this program runs on.
[[nodiscard]] std::string_view own_architecture();

}  // namespace vm
