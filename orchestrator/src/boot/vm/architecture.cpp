// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/architecture.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <string>

namespace vm {
namespace {

// pauth-impdef: pointers are signed by a hash of qemu's own; to imitate the architecture's cipher in each function
// takes half of a boot's time (qemu, docs/system/arm/cpu-features).
constexpr std::array kKnown{
    Architecture{"x86_64", 62, "qemu-system-x86_64", "q35", "max", ",sata=off", "ttyS0", "ttyS1", "qemu-system-x86",
                 true},
    Architecture{"aarch64", 183, "qemu-system-aarch64", "virt", "max,pauth-impdef=on", "", "ttyAMA0", "",
                 "qemu-system-arm"},
};

}  // namespace

const Architecture* architecture_of(std::uint16_t elf_machine) {
  const auto* const found = std::ranges::find(kKnown, elf_machine, &Architecture::elf_machine);
  return found == kKnown.end() ? nullptr : found;
}

std::string_view own_architecture() {
  static const std::string name = [] {
    utsname here{};
    return std::string(uname(&here) == 0 ? here.machine : "");
  }();
  return name;
}

}  // namespace vm
