// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "rehearsal/names.hpp"

namespace rehearsal {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::size_t kLongestName = 36;  // UEFI specification, "GPT Partition Entry"

/// Hexadecimal digits in groups of these lengths, with dashes between.
template <std::size_t Count>
bool has_groups(std::string_view text, const std::array<std::size_t, Count>& lengths) {
  std::size_t at = 0;
  for (std::size_t index = 0; index < Count; ++index) {
    if (index > 0 && (at >= text.size() || text[at++] != '-')) return false;
    if (text.size() < at + lengths[index]) return false;
    const auto group = text.substr(at, lengths[index]);
    if (!std::ranges::all_of(group, [](unsigned char c) { return std::isxdigit(c) != 0; })) return false;
    at += lengths[index];
  }
  return at == text.size();
}

bool is_of_gpt(std::string_view uuid) { return has_groups<5>(uuid, {8, 4, 4, 4, 12}); }

/// The number behind the dash is the partition's; 5 and more are logical, in an extended one.
bool is_of_dos(std::string_view uuid) {
  return has_groups<2>(uuid, {8, 2}) && uuid[9] == '0' && uuid[10] >= '1' && uuid[10] <= '4';
}

}  // namespace

std::optional<Partition> partition_of(std::string_view device) {
  for (const std::string_view prefix : {"PARTUUID=", "/dev/disk/by-partuuid/"}) {
    if (!device.starts_with(prefix)) continue;
    const auto uuid = device.substr(prefix.size());
    if (is_of_gpt(uuid) || is_of_dos(uuid)) return Partition{std::string(uuid), ""};
  }
  for (const std::string_view prefix : {"PARTLABEL=", "/dev/disk/by-partlabel/"}) {
    if (device.starts_with(prefix) && is_name(device.substr(prefix.size()), kLongestName))
      return Partition{"", std::string(device.substr(prefix.size()))};
  }
  return std::nullopt;
}

std::string partition_table(const Partition& partition, std::uint64_t size) {
  const auto place = fmt::format("start={}, size={}", kPartitionStart / kSector, size / kSector);
  if (is_of_dos(partition.uuid))
    return fmt::format("label: dos\nlabel-id: 0x{}\n{} : {}, type=83\n", partition.uuid.substr(0, 8),
                       partition.uuid[10], place);
  return fmt::format("label: gpt\n{}{}{}\n", place, partition.uuid.empty() ? "" : ", uuid=" + partition.uuid,
                     partition.name.empty() ? "" : ", name=" + partition.name);
}

}  // namespace rehearsal
