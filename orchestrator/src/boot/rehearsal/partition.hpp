// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rehearsal {

/// What a disk's one partition is found by: its UUID or its name in a GPT, or its number on a disk with a DOS label.
struct Partition {
  std::string uuid;  // PARTUUID= as udev has it: of a GPT 8-4-4-4-12 digits, of a DOS label 8-2; "": any
  std::string name;  // PARTLABEL=; "": none
  bool operator==(const Partition&) const = default;
};

inline constexpr std::uint64_t kPartitionStart = 1ULL << 20U;  // bytes, where it begins
inline constexpr std::uint64_t kPartitionEnd = 1ULL << 20U;    // behind it: a GPT has a copy of itself there

/// "PARTUUID=..." and the like, as crypttab(5), root= and udev's links name a partition; nothing for other devices, and
/// for partitions that one alone on its disk cannot be (logical ones).
[[nodiscard]] std::optional<Partition> partition_of(std::string_view device);

/// What sfdisk(8) is told on its standard input, for a partition of so many bytes.
[[nodiscard]] std::string partition_table(const Partition& partition, std::uint64_t size);

}  // namespace rehearsal
