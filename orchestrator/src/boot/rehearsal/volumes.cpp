// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/volumes.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"

namespace rehearsal {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kAreaStart = 4096;  // of the metadata, in the volume
constexpr std::size_t kAreaSize = kPhysicalStart - kAreaStart;
constexpr std::size_t kTextAt = 512;  // in the area: the first sector is its header

/// LVM2's own CRC: the polynomial of zlib's, another start, and no complement at the end (lib/misc/crc.c).
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = 0xf597a6cf;
  for (const auto character : bytes) {
    crc ^= static_cast<std::uint8_t>(character);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xedb88320U : crc >> 1U;
  }
  return crc;
}

void put(std::string& out, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t index = 0; index < width; ++index) out[at + index] = static_cast<char>(value >> (8 * index) & 0xffU);
}

/// 32 characters, as LVM2 has them without its dashes.
std::string identifier(std::string_view seed, std::string_view what) {
  return base::sha256(std::string(seed) + "/" + std::string(what)).substr(0, 32);
}

std::string dashed(const std::string& id) {
  return fmt::format("{}-{}-{}-{}-{}-{}-{}", id.substr(0, 6), id.substr(6, 4), id.substr(10, 4), id.substr(14, 4),
                     id.substr(18, 4), id.substr(22, 4), id.substr(26, 6));
}

std::string metadata(const VolumeGroup& group, std::uint64_t root_extents, std::string_view seed) {
  const auto total = root_extents + group.volumes.size() - 1;
  std::string out = fmt::format(
      "{} {{\nid = \"{}\"\nseqno = 1\nformat = \"lvm2\"\nstatus = [\"RESIZEABLE\", \"READ\", \"WRITE\"]\nflags = []\n"
      "extent_size = {}\nmax_lv = 0\nmax_pv = 0\nmetadata_copies = 0\n\nphysical_volumes {{\n\npv0 {{\nid = \"{}\"\n"
      "device = \"/dev/mapper/rehearsal\"\n\nstatus = [\"ALLOCATABLE\"]\nflags = []\ndev_size = {}\npe_start = {}\n"
      "pe_count = {}\n}}\n}}\n\nlogical_volumes {{\n",
      group.name, dashed(identifier(seed, "group")), kExtent / kSector, dashed(identifier(seed, "volume")),
      (kPhysicalStart + total * kExtent) / kSector, kPhysicalStart / kSector, total);
  std::uint64_t at = 0;
  for (std::size_t index = 0; index < group.volumes.size(); ++index) {
    const auto extents = index == 0 ? root_extents : 1;
    out += fmt::format(
        "\n{} {{\nid = \"{}\"\nstatus = [\"READ\", \"WRITE\", \"VISIBLE\"]\nflags = []\nsegment_count = 1\n\n"
        "segment1 {{\nstart_extent = 0\nextent_count = {}\n\ntype = \"striped\"\nstripe_count = 1\n\nstripes = [\n"
        "\"pv0\", {}\n]\n}}\n}}\n",
        group.volumes[index], dashed(identifier(seed, group.volumes[index])), extents, at);
    at += extents;
  }
  out += "}\n\n}\n# Made for a rehearsal\n\ncontents = \"Text Format Volume Group\"\nversion = 1\n\n";
  out += "description = \"\"\n\ncreation_host = \"rehearsal\"\ncreation_time = 1\n\n";
  out += '\0';
  return out;
}

}  // namespace

std::string physical_volume(const VolumeGroup& group, std::uint64_t root_extents, std::string_view seed) {
  const auto text = metadata(group, root_extents, seed);
  std::string out(kPhysicalStart, '\0');
  // The label, in the second sector.
  constexpr std::size_t kLabel = kSector;
  out.replace(kLabel, 8, "LABELONE");
  put(out, kLabel + 8, 1, 8);    // its sector
  put(out, kLabel + 20, 32, 4);  // where the header begins
  out.replace(kLabel + 24, 8, "LVM2 001");
  constexpr std::size_t kHeader = kLabel + 32;
  out.replace(kHeader, 32, identifier(seed, "volume"));
  const auto total = root_extents + group.volumes.size() - 1;
  put(out, kHeader + 32, kPhysicalStart + total * kExtent, 8);
  put(out, kHeader + 40, kPhysicalStart, 8);  // data areas: one, up to the end; then none
  put(out, kHeader + 72, kAreaStart, 8);      // metadata areas: one; then none
  put(out, kHeader + 80, kAreaSize, 8);
  put(out, kLabel + 16, checksum(std::string_view(out).substr(kLabel + 20, kSector - 20)), 4);
  // The metadata area: header, and text.
  out.replace(kAreaStart + 4, 16, std::string("\x20LVM2 x[5A%r0N*>", 16));
  put(out, kAreaStart + 20, 1, 4);  // version
  put(out, kAreaStart + 24, kAreaStart, 8);
  put(out, kAreaStart + 32, kAreaSize, 8);
  put(out, kAreaStart + 40, kTextAt, 8);
  put(out, kAreaStart + 48, text.size(), 8);
  put(out, kAreaStart + 56, checksum(text), 4);
  put(out, kAreaStart, checksum(std::string_view(out).substr(kAreaStart + 4, kSector - 4)), 4);
  out.replace(kAreaStart + kTextAt, text.size(), text);
  return out;
}

}  // namespace rehearsal
