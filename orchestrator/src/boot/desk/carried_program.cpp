// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/carried_program.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "initramfs/elf.hpp"

namespace desk {
namespace {

constexpr std::uint64_t kLargest = 64U << 20U;  // bytes of a program

struct Machine {
  std::string_view name;  // `uname -m`
  std::uint16_t elf;
  unsigned bits;
  bool big_endian;
};

constexpr std::array<Machine, 9> kMachines{{{"x86_64", EM_X86_64, 64, false},
                                            {"aarch64", EM_AARCH64, 64, false},
                                            {"i686", EM_386, 32, false},
                                            {"armv7l", EM_ARM, 32, false},
                                            {"riscv64", EM_RISCV, 64, false},
                                            {"ppc64le", EM_PPC64, 64, false},
                                            {"s390x", EM_S390, 64, true},
                                            {"loongarch64", 258, 64, false},  // EM_LOONGARCH, which older elf.h lack
                                            {"ppc64", EM_PPC64, 64, true}}};

std::string machine_of(const initramfs::ElfFacts& facts) {
  const auto* const found = std::ranges::find_if(kMachines, [&](const Machine& each) {
    return each.elf == facts.machine && each.bits == facts.bits && each.big_endian == facts.big_endian;
  });
  return found == kMachines.end() ? fmt::format("another machine (ELF {})", facts.machine) : std::string(found->name);
}

}  // namespace

std::string why_not_carried(const std::filesystem::path& path, const std::string& machine) {
  const auto bytes = base::read_file(path, kLargest);
  initramfs::ElfProbe probe;
  probe.begin(bytes.size());
  probe.feed(bytes);
  const auto facts = probe.finish();
  if (!facts) return "is not a program (no ELF file)";
  if (machine_of(*facts) != machine) return fmt::format("is for {}", machine_of(*facts));
  if (!facts->interpreter.empty() || !facts->needed.empty()) return "is linked dynamically";
  if (!facts->fault.empty()) return fmt::format("is broken: {}", base::printable(facts->fault, 200));
  return "";
}

CarriedProgram program_for(const std::string& machine, const std::filesystem::path& named, const std::string& host) {
  const std::filesystem::path path = named.empty() ? "/proc/self/exe" : named;
  const auto why = why_not_carried(path, machine);
  const auto shown = named.empty() ? std::string("this program") : base::printable(named.string(), 4096);
  if (!why.empty())
    throw base::Error(
        fmt::format("{} needs dracut-sshd for {}, and {} {}; expected a static program", host, machine, shown, why))
        .with_hint("install dracut-sshd-tools on the host, or name a static dracut-sshd for it: --program FILE");
  return {base::open_regular(path, "reading " + shown), path};
}

}  // namespace desk
