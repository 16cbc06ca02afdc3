// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/storage_host.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <system_error>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"
#include "storage/crypttab.hpp"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDevices = 4096;

std::string text_of(const fs::path& path) { return std::string(base::trim(host::read_small(path).value_or(""))); }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator each(folder, failed), end; !failed && each != end && out.size() < kMostDevices;
       each.increment(failed))
    out.push_back(each->path().filename().string());
  std::ranges::sort(out);
  return out;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// "\040" as fstab(5) and mountinfo have blanks in names.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && is_octal(text[at + 1]) && is_octal(text[at + 2]) &&
        is_octal(text[at + 3])) {
      out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

/// A file system, wherever it is written down: its device as it is named there, and its type.
struct Mount {
  std::string device;
  std::string type;
};

std::vector<std::string> words_in(std::string_view line) {
  std::vector<std::string> out;
  for (auto& word : base::split(base::replace_all(std::string(base::trim(line)), "\t", " "), ' ')) {
    if (!word.empty()) out.push_back(unescaped(word));
  }
  return out;
}

std::optional<Mount> in_fstab(const fs::path& root, std::string_view point) {
  for (const auto& line : base::lines(host::read_small(root / "etc/fstab").value_or(""))) {
    const auto words = words_in(line);
    if (words.size() < 3 || words[0].starts_with('#') || words[1] != point) continue;
    return Mount{words[0], words[2]};
  }
  return std::nullopt;
}

/// The last mount at `point` is the one that is seen (proc(5), mountinfo).
std::optional<Mount> in_mountinfo(const fs::path& root, std::string_view point) {
  std::optional<Mount> out;
  for (const auto& line : base::lines(host::read_small(root / "proc/self/mountinfo").value_or(""))) {
    const auto words = words_in(line);
    const auto dash = std::ranges::find(words, std::string("-"));
    if (words.size() < 7 || words[4] != point || words.end() - dash < 3) continue;
    out = Mount{dash[2], dash[1]};
  }
  return out;
}

/// A block device, as sys/class/block and udev's database have it.
struct Device {
  std::string number;  // "254:0"
  std::string dm_name;
  std::string dm_uuid;
  std::vector<std::string> slaves;
  std::string parent;  // of a partition: its disk
  bool array = false;
  std::map<std::string, std::string> properties;  // ID_FS_UUID, DM_VG_NAME, ...
};

class Machine {
 public:
  Machine(const fs::path& root, Storage& storage) : root_(root), storage_(storage) {
    crypttab_ = parse_crypttab(host::read_small(root / "etc/crypttab").value_or(""));
    for (const auto& name : names_in(root / "sys/class/block")) read_device(name);
  }

  [[nodiscard]] bool has_devices() const { return !devices_.empty(); }

  /// The file system or swap at a device, however that is named.
  std::size_t top_node(const Mount& mount, StorageKind kind) {
    if (mount.type == "zfs" || mount.type == "bcachefs")
      return add({StorageKind::unknown, mount.type + " on " + mount.device, "", {}});
    if (const auto name = kernel_name(mount.device)) return content_node(*name, mount.type, kind);
    StorageNode node{kind, mount.type.empty() ? "auto" : mount.type, uuid_in(mount.device), {}};
    node.below = {written_node(mount.device)};
    return add(std::move(node));
  }

 private:
  void read_device(const std::string& name) {
    const auto folder = root_ / "sys/class/block" / name;
    Device device;
    device.number = text_of(folder / "dev");
    device.dm_name = text_of(folder / "dm/name");
    device.dm_uuid = text_of(folder / "dm/uuid");
    device.slaves = names_in(folder / "slaves");
    std::error_code ignored;
    device.array = fs::exists(folder / "md", ignored);
    if (fs::exists(folder / "partition", ignored)) {
      auto target = fs::read_symlink(folder, ignored);
      if (!target.empty()) device.parent = target.parent_path().filename().string();
    }
    for (const auto& line :
         base::lines(host::read_small(root_ / "run/udev/data" / ("b" + device.number)).value_or(""))) {
      const auto equals = line.find('=');
      if (line.starts_with("E:") && equals != std::string::npos)
        device.properties[line.substr(2, equals - 2)] = line.substr(equals + 1);
    }
    devices_.emplace(name, std::move(device));
  }

  [[nodiscard]] std::optional<std::string> with(std::string_view property, std::string_view value) const {
    for (const auto& [name, device] : devices_) {
      const auto found = device.properties.find(std::string(property));
      if (found != device.properties.end() && lower(found->second) == lower(std::string(value))) return name;
    }
    return std::nullopt;
  }

  /// "dev/disk/by-uuid/X" -> "vda5": by the link's own last name, so that a folder that looks like a system will do.
  [[nodiscard]] std::optional<std::string> by_link(const fs::path& path) const {
    std::error_code failed;
    const auto target = fs::read_symlink(root_ / path, failed);
    if (!failed) {
      auto name = target.filename().string();
      if (devices_.contains(name)) return name;
      return std::nullopt;
    }
    struct stat status {};
    if (::stat((root_ / path).c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) return std::nullopt;
    const auto number = fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev));
    for (const auto& [name, device] : devices_) {
      if (device.number == number) return name;
    }
    return std::nullopt;
  }

  /// The kernel's name for a device that fstab, root= or mountinfo names.
  [[nodiscard]] std::optional<std::string> kernel_name(const std::string& device) const {
    struct Tag {
      std::string_view prefix;
      std::string_view folder;
      std::string_view property;
    };
    static constexpr Tag kTags[] = {{"UUID=", "by-uuid", "ID_FS_UUID"},
                                    {"LABEL=", "by-label", "ID_FS_LABEL_ENC"},
                                    {"PARTUUID=", "by-partuuid", "ID_PART_ENTRY_UUID"},
                                    {"PARTLABEL=", "by-partlabel", "ID_PART_ENTRY_NAME"}};
    for (const auto& tag : kTags) {
      const auto link = fmt::format("/dev/disk/{}/", tag.folder);
      if (!device.starts_with(tag.prefix) && !device.starts_with(link)) continue;
      auto value = device.substr(device.starts_with(tag.prefix) ? tag.prefix.size() : link.size());
      if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      if (value.empty() || value.find('/') != std::string::npos) return std::nullopt;
      const auto folder = fs::path("dev/disk") / tag.folder;
      for (const auto& name : {value, lower(value)}) {
        if (auto found = by_link(folder / name)) return found;
      }
      auto found = with(tag.property, value);
      return found || tag.prefix != "LABEL=" ? found : with("ID_FS_LABEL", value);
    }
    if (!device.starts_with("/dev/")) return std::nullopt;
    const auto rest = device.substr(5);
    if (!rest.starts_with("mapper/") && devices_.contains(rest)) return rest;
    const auto mapped = rest.starts_with("mapper/") ? rest.substr(7) : "";
    for (const auto& [name, known] : devices_) {
      if (!mapped.empty() && known.dm_name == mapped) return name;
      const auto parts = volume_in(known.dm_name);
      if (parts && known.dm_uuid.starts_with("LVM-") && rest == parts->first + "/" + parts->second) return name;
    }
    if (std::ranges::any_of(fs::path(rest), [](const fs::path& part) { return part == ".."; })) return std::nullopt;
    return by_link(fs::path("dev") / rest);
  }

  std::size_t add(StorageNode node) {
    storage_.nodes.push_back(std::move(node));
    return storage_.nodes.size() - 1;
  }

  [[nodiscard]] std::string property(const std::string& name, const char* key) const {
    const auto& all = devices_.at(name).properties;
    const auto found = all.find(key);
    return found == all.end() ? "" : found->second;
  }

  std::size_t content_node(const std::string& name, const std::string& type, StorageKind kind) {
    auto found = property(name, "ID_FS_TYPE");
    if (found.empty() || found == "crypto_LUKS" || found == "LVM2_member") found = type;
    if (found == "zfs_member" || found == "bcachefs")
      return add({StorageKind::unknown, found + " on /dev/" + name, "", {}});
    StorageNode node{kind, found.empty() ? "auto" : found, lower(property(name, "ID_FS_UUID")), {}};
    std::set<std::string> members{name};
    if (found == "btrfs" && !node.uuid.empty() && node.uuid.find('/') == std::string::npos) {
      for (auto& member : names_in(root_ / "sys/fs/btrfs" / node.uuid / "devices")) members.insert(std::move(member));
    }
    for (const auto& member : members) node.below.push_back(device_node(member));
    return add(std::move(node));
  }

  /// What a block device is, and all below it. sysfs has no cycles; whoever made one gets a node without an end.
  std::size_t device_node(const std::string& name) {
    if (const auto made = made_.find(name); made != made_.end()) return made->second;
    const auto found = devices_.find(name);
    const auto index = add({StorageKind::unknown, "/dev/" + name, "", {}});
    made_.emplace(name, index);
    if (found == devices_.end()) return index;
    const auto& device = found->second;
    StorageNode node{StorageKind::disk, name, "", {}};
    if (!device.dm_name.empty()) {
      describe_mapped(device, name, node);
    } else if (device.array) {
      node.kind = StorageKind::array;
      node.uuid = lower(property(name, "MD_UUID"));
    } else if (!device.parent.empty()) {
      node.kind = StorageKind::partition;
      if (devices_.contains(device.parent)) node.below.push_back(device_node(device.parent));
    }
    for (const auto& slave : device.slaves) {
      if (node.kind == StorageKind::disk) node.kind = StorageKind::partition;  // bcache and the like: a part of others
      node.below.push_back(device_node(slave));
    }
    if (node.kind == StorageKind::disk) find_drivers(name);
    storage_.nodes[index] = std::move(node);
    return index;
  }

  /// The modules that a disk needs, from itself up to the bus; what is built into the kernel has none.
  void find_drivers(const std::string& name) {
    std::error_code failed;
    const auto top = fs::canonical(root_ / "sys/devices", failed);
    if (failed) return;
    auto& out = storage_.drivers[name];
    for (auto at = fs::canonical(root_ / "sys/class/block" / name, failed);
         !failed && at != top && at.has_relative_path() && out.size() < 16; at = at.parent_path()) {
      const auto module = fs::read_symlink(at / "driver/module", failed).filename().string();
      if (!failed && !module.empty()) out.push_back(module);
      failed.clear();
    }
  }

  /// By the device-mapper's UUID, whose beginning says who made it: "CRYPT-LUKS2-<32 digits>-NAME", "LVM-...".
  void describe_mapped(const Device& device, const std::string& name, StorageNode& node) const {
    const auto& uuid = device.dm_uuid;
    node.name = device.dm_name;
    node.kind = StorageKind::partition;
    if (uuid.starts_with("CRYPT-LUKS") || uuid.starts_with("CRYPT-PLAIN") || uuid.starts_with("CRYPT-BITLK") ||
        uuid.starts_with("CRYPT-TCRYPT") || uuid.starts_with("CRYPT-FVAULT2")) {
      node.kind = StorageKind::crypt;
      const auto parts = base::split(uuid, '-');
      if (parts.size() > 2 && uuid.starts_with("CRYPT-LUKS") && parts[2].size() == 32) {
        const auto& digits = parts[2];
        node.uuid = lower(fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                                      digits.substr(16, 4), digits.substr(20)));
      }
    } else if (uuid.starts_with("LVM-")) {
      node.kind = StorageKind::volume;
      const auto parts = volume_in(device.dm_name);
      const auto group = property(name, "DM_VG_NAME");
      const auto volume = property(name, "DM_LV_NAME");
      if (!group.empty() && !volume.empty())
        node.name = group + "/" + volume;
      else if (parts)
        node.name = parts->first + "/" + parts->second;
    } else if (uuid.starts_with("mpath-")) {
      node.kind = StorageKind::multipath;
    }
  }

  /// Without devices: what fstab and crypttab tell of a name, down to where they end.
  std::size_t written_node(const std::string& device) {
    const auto unknown = [&](const std::string& name) { return add({StorageKind::unknown, name, "", {}}); };
    constexpr std::string_view kMapper = "/dev/mapper/";
    if (device.starts_with(kMapper)) {
      const auto name = device.substr(kMapper.size());
      const auto line = std::ranges::find(crypttab_, name, &CrypttabLine::name);
      if (line != crypttab_.end()) {
        const auto end = unknown(line->device);
        return add({StorageKind::crypt, name, uuid_in(line->device), {end}});
      }
      if (const auto parts = volume_in(name)) {
        const auto end = unknown("volume group " + parts->first);
        return add({StorageKind::volume, parts->first + "/" + parts->second, "", {end}});
      }
      return unknown(device);
    }
    const auto parts = base::split(device, '/');  // /dev/GROUP/VOLUME
    if (parts.size() == 4 && parts[1] == "dev" && parts[2] != "disk" && parts[2] != "md") {
      const auto end = unknown("volume group " + parts[2]);
      return add({StorageKind::volume, parts[2] + "/" + parts[3], "", {end}});
    }
    return unknown(device);
  }

  const fs::path& root_;
  Storage& storage_;
  std::vector<CrypttabLine> crypttab_;
  std::map<std::string, Device> devices_;
  std::map<std::string, std::size_t> made_;
};

}  // namespace

Storage read_host_storage(const fs::path& root, const BootDevices& boot, bool running) {
  Storage out;
  Machine machine(root, out);
  out.complete = machine.has_devices();
  out.of_host = true;
  out.source = out.complete ? "this machine's devices" : (root / "etc/fstab").string() + " and crypttab";
  struct Want {
    const char* purpose;
    const std::string& device;
    StorageKind kind;
  };
  for (const auto& [purpose, device, kind] :
       {Want{"/", boot.root, StorageKind::file_system}, Want{"/usr", boot.usr, StorageKind::file_system},
        Want{"resume", boot.resume, StorageKind::swap}}) {
    const bool is_swap = kind == StorageKind::swap;
    auto mount = is_swap ? std::nullopt : in_fstab(root, purpose);
    if (!mount && running && !is_swap) mount = in_mountinfo(root, purpose);
    if (!device.empty()) mount = Mount{device, is_swap ? "swap" : mount ? mount->type : ""};
    // What is no device (overlay, tmpfs, nfs) tells nothing.
    if (!mount || (mount->device.find('=') == std::string::npos && !mount->device.starts_with("/dev/") &&
                   mount->type != "zfs" && mount->type != "bcachefs"))
      continue;
    out.needs[purpose] = machine.top_node(*mount, kind);
  }
  if (auto fault = fault_of_graph(out); !fault.empty()) {
    out.nodes.clear();
    out.needs.clear();
    out.fault = out.source + ": " + fault;
  }
  return out;
}

}  // namespace storage
