// SPDX-License-Identifier: GPL-3.0-or-later
#include "seal/pcr_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "host/small_file.hpp"

namespace seal {
namespace {

constexpr std::array<std::pair<unsigned, const char*>, 4> kUnfit{
    {{9, "the initramfs itself is measured into it, and the sealed key is in the initramfs"},
     {10, "the running system goes on measuring files into it"},
     {11, "the running system has measured the phases of its boot into it; --public-key is for this one"},
     {15, "the running system has measured its opened disks into it"}}};

constexpr PcrMask kCodeOfBoot = 1U << 4U | 1U << 5U | 1U << 8U | 1U << 12U | 1U << 13U;

bool is_untouched(unsigned pcr, const std::filesystem::path& root) {
  const auto text = host::read_small(root / "sys/class/tpm/tpm0/pcr-sha256" / std::to_string(pcr));
  if (!text) return false;
  const auto value = base::trim(*text);
  return !value.empty() && value.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string why_unfit(PcrMask pcrs) {
  for (const auto& [pcr, why] : kUnfit) {
    if ((pcrs >> pcr & 1U) != 0) return fmt::format("PCR {}: {}", pcr, why);
  }
  return "";
}

std::vector<std::string> notes_on(PcrMask pcrs, const std::filesystem::path& root) {
  std::vector<std::string> out;
  if ((pcrs & kCodeOfBoot) != 0)
    out.push_back(
        fmt::format("PCR {} changes with updates of the boot loader, the kernel or its command line: dracut-sshd seal "
                    "--reseal after the first boot with each; a unified kernel image that holds the sealed key never "
                    "has the value of PCR 4 that it was sealed to",
                    text_of(pcrs & kCodeOfBoot)));
  PcrMask untouched = 0;
  for (unsigned pcr = 0; pcr < 24; ++pcr) {
    if ((pcrs >> pcr & 1U) != 0 && is_untouched(pcr, root)) untouched |= PcrMask{1} << pcr;
  }
  if (untouched != 0)
    out.push_back(fmt::format(
        "PCR {} is zero: this machine's firmware measures nothing into it, so it holds back nobody who boots something "
        "else here",
        text_of(untouched)));
  return out;
}

}  // namespace seal
