// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/xz_filters.hpp"

#include <cstdint>
#include <optional>

namespace base {
namespace {

constexpr std::size_t kStreamHeader = 12;
constexpr std::uint64_t kDelta = 3;
constexpr std::uint64_t kFirstBranch = 4;  // x86
constexpr std::uint64_t kLastBranch = 9;   // SPARC; ARM64 (10) and RISC-V (11) are new in Linux 6.12
constexpr std::uint64_t kLzma2 = 0x21;

/// A number of seven bits a byte, the lowest first.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t out = 0;
  for (unsigned shift = 0; shift < 63 && !text.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    out |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return out;
  }
  return std::nullopt;
}

}  // namespace

std::string_view xz_filters_refused(std::string_view head) {
  if (head.size() < kStreamHeader + 2 || head[kStreamHeader] == 0) return {};
  const auto size = (static_cast<unsigned char>(head[kStreamHeader]) + 1U) * 4U;
  if (head.size() < kStreamHeader + size) return {};
  auto block = head.substr(kStreamHeader + 1, size - 5);
  const auto flags = static_cast<unsigned char>(block.front());
  block.remove_prefix(1);
  for (const unsigned bit : {0x40U, 0x80U}) {
    if ((flags & bit) != 0 && !take_number(block)) return {};
  }
  const unsigned count = (flags & 3U) + 1;
  for (unsigned index = 0; index < count; ++index) {
    const auto id = take_number(block);
    const auto properties = take_number(block);
    if (!id || !properties || *properties > block.size()) return {};
    if (*id == kDelta) return "it has xz's delta filter, which the kernel's decoder does not know";
    if (*id >= kFirstBranch && *id <= kLastBranch && *properties != 0)
      return "it has a branch filter of xz's with an offset, which the kernel's decoder does not know";
    if (*id > kLastBranch && *id != kLzma2)
      return "it has a filter of xz's that Linux before 6.12 does not know; xz --check=crc32 --lzma2 uses none";
    block.remove_prefix(static_cast<std::size_t>(*properties));
  }
  if (count > 2) return "it has more than two filters of xz's, which the kernel's decoder does not take";
  return {};
}

}  // namespace base
