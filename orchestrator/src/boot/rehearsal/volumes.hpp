// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// LVM2 without LVM2: lvm(8) writes only to block devices, and making one is root's.
namespace rehearsal {

struct VolumeGroup {
  std::string name;
  std::vector<std::string> volumes;  // linear ones; the first is the root file system's
  bool operator==(const VolumeGroup&) const = default;
};

inline constexpr std::uint64_t kExtent = 4ULL << 20U;         // bytes
inline constexpr std::uint64_t kPhysicalStart = 1ULL << 20U;  // where the first extent lies

/// The first kPhysicalStart bytes of a physical volume that holds all of the group: label, header, and metadata as text
/// (lib/format_text/layout.h of LVM2). The first volume has `root_extents`, each other one extent.
/// `seed` makes its identifiers.
[[nodiscard]] std::string physical_volume(const VolumeGroup& group, std::uint64_t root_extents, std::string_view seed);

}  // namespace rehearsal
