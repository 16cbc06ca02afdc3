// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a boot needs of a machine's storage: the file systems, and what they lie on, down to the disks. Where that is
/// known from: storage_record.hpp (the image), storage_host.hpp (the machine).
namespace storage {

enum class StorageKind { file_system, swap, crypt, volume, array, multipath, partition, disk, unknown };

struct StorageNode {
  StorageKind kind = StorageKind::unknown;
  std::string name;  // file system, swap: its type; crypt: of /dev/mapper; volume: "VG/LV"; array, partition,
                     // disk: the kernel's; unknown: the device as it was written
  std::string uuid;  // file system's, LUKS header's or array's, lower case; "": none, or not known
  std::vector<std::size_t> below;  // indexes into Storage::nodes; empty at the end of a chain
  bool operator==(const StorageNode&) const = default;
};

struct Storage {
  std::string source;                        // where it is known from, for people; "": nothing is known
  bool complete = false;                     // from devices, and not from fstab and crypttab alone
  bool of_host = false;                      // the command line's root= was looked up on the machine itself
  std::string fault;                         // why what there is could not be used
  std::vector<StorageNode> nodes;            // without cycles
  std::map<std::string, std::size_t> needs;  // "/", "/usr", "resume" -> the node that it is on
  /// A disk's name -> the kernel modules that drive it, down to the bus it is on; those that are modules.
  std::map<std::string, std::vector<std::string>> drivers;

  /// Whether anything is known of a purpose.
  [[nodiscard]] bool tells(const std::string& purpose) const { return needs.contains(purpose); }
};

/// The node itself and all below it, each once, the upper ones first.
[[nodiscard]] std::vector<std::size_t> nodes_from(const Storage& storage, std::size_t top);

/// The node that a device names as root= and fstab do: UUID=, /dev/mapper/NAME, /dev/VG/LV, /dev/vda5.
[[nodiscard]] std::optional<std::size_t> node_named(const Storage& storage, std::string_view device);

/// "vg--one-root" of /dev/mapper: {"vg-one", "root"}, for a dash in a name is written twice; nothing if it is no name
/// of a logical volume.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> volume_in(std::string_view mapped);

/// For people: "ext4 on debian-vg/root on vda5_crypt on vda5".
[[nodiscard]] std::string chain_text(const Storage& storage, std::size_t top);

/// Sound as far as its indexes go: every one in range, and no cycle. Makers ask this; "" if it is, else what is not.
[[nodiscard]] std::string fault_of_graph(const Storage& storage);

}  // namespace storage
