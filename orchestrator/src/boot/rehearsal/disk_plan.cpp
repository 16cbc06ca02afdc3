// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/disk_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "inspect/openings.hpp"
#include "rehearsal/names.hpp"
#include "storage/storage.hpp"

namespace rehearsal {
namespace {

bool is_uuid(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0 || c == '-'; });
}

std::string without(std::string_view text, std::string_view prefix) {
  return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

/// "UUID=..." and "/dev/disk/by-uuid/..." of a device; nothing for what is named otherwise.
std::optional<std::string> uuid_of(std::string_view device) {
  for (const std::string_view prefix : {"UUID=", "/dev/disk/by-uuid/"}) {
    if (device.starts_with(prefix) && is_uuid(device.substr(prefix.size())))
      return std::string(device.substr(prefix.size()));
  }
  return std::nullopt;
}

std::optional<std::string> label_of(std::string_view device) {
  for (const std::string_view prefix : {"LABEL=", "/dev/disk/by-label/"}) {
    if (device.starts_with(prefix) && is_name(device.substr(prefix.size())))
      return std::string(device.substr(prefix.size()));
  }
  return std::nullopt;
}

class Search {
 public:
  Search(const inspect::Facts& facts, Plan& plan)
      : facts_(facts), plan_(plan), cannot_(plan.cannot), openings_(inspect::openings_of(facts)) {}

  std::vector<ScratchDisk> run(const std::vector<std::string>& given) {
    given_ = !given.empty();
    if (!given_) {
      read_storage();
      read_cmdline();
      read_crypttab();
    }
    for (const auto& text : given) add_given(text);
    place_root();
    read_waits();
    return std::move(disks_);
  }

 private:
  ScratchDisk& encrypted(const std::string& uuid) {
    const auto found = std::ranges::find(disks_, uuid, &ScratchDisk::uuid);
    if (found != disks_.end()) return *found;
    ScratchDisk disk;
    disk.encrypted = true;
    disk.uuid = uuid;
    disk.name = "luks-" + uuid;
    disks_.push_back(std::move(disk));
    return disks_.back();
  }

  /// The node that root= is, by the machine or the record.
  [[nodiscard]] std::optional<std::size_t> root_node(const std::string& root) const {
    const auto& storage = facts_.storage;
    if (storage.of_host && storage.tells("/")) return storage.needs.at("/");
    if (const auto node = storage::node_named(storage, root)) return node;
    if (storage.tells("/") && (root.empty() || root.starts_with("LABEL=") || root.starts_with("/dev/disk/by-label/")))
      return storage.needs.at("/");
    return std::nullopt;
  }

  void read_storage() {
    const auto& storage = facts_.storage;
    const auto top = root_node(without(facts_.cmdline_value("root").value_or(""), "block:"));
    if (!top) return;
    bool unknown = false;
    bool below_crypt = false;
    for (const auto index : storage::nodes_from(storage, *top)) {
      const auto& node = storage.nodes[index];
      if (node.kind == storage::StorageKind::crypt) {
        need(node);
        if (root_uuid_.empty()) root_uuid_ = node.uuid;
        below_crypt = true;
      } else if (node.kind == storage::StorageKind::volume && root_volume_.first.empty()) {
        const auto slash = node.name.find('/');
        if (slash != std::string::npos) root_volume_ = {node.name.substr(0, slash), node.name.substr(slash + 1)};
        volume_below_ = below_crypt;
      } else if (node.kind == storage::StorageKind::multipath) {
        cannot_.emplace_back("the root file system is on a multipath device, which no scratch disk can stand for");
      } else if (node.kind == storage::StorageKind::array) {
        plan_.changes.emplace_back("the array is not imitated: one disk stands in for what lies on it");
      } else if (node.kind == storage::StorageKind::file_system && node.below.size() > 1) {
        plan_.changes.push_back("ext4 on one disk stands in for " + base::printable(node.name) + " on several");
      }
      unknown = unknown || (node.kind == storage::StorageKind::unknown && !below_crypt);
    }
    root_known_ = !unknown;
    plain_root_ = root_known_ && root_uuid_.empty();
    if (!storage.tells("/usr")) return;
    for (const auto index : storage::nodes_from(storage, storage.needs.at("/usr"))) {
      if (storage.nodes[index].kind == storage::StorageKind::crypt) need(storage.nodes[index]);
    }
  }

  /// An encrypted disk as the machine has it, whether something opens it or not.
  void need(const storage::StorageNode& node) {
    if (!is_uuid(node.uuid)) {
      cannot_.push_back("no scratch disk can stand for " + base::printable(node.name) + ", whose UUID is not known");
      return;
    }
    const bool known = std::ranges::find(disks_, node.uuid, &ScratchDisk::uuid) != disks_.end();
    encrypted(node.uuid).name = node.name;
    if (!known && openings_.of(node.name, node.uuid) == nullptr && !openings_.every_luks)
      plan_.unopened.push_back(fmt::format("{} (UUID={})", base::printable(node.name), node.uuid));
  }

  void read_cmdline() {
    for (const auto& word : facts_.cmdline) {
      const auto equals = word.find('=');
      if (equals == std::string::npos) continue;
      const auto name = without(std::string_view(word).substr(0, equals), "rd.");
      const auto value = word.substr(equals + 1);
      if (name == "luks.uuid") {
        if (const auto uuid = without(value, "luks-"); is_uuid(uuid)) (void)encrypted(uuid);
      } else if (name == "luks.name") {
        const auto second = value.find('=');
        if (const auto uuid = value.substr(0, second); is_uuid(uuid) && second != std::string::npos)
          encrypted(uuid).name = value.substr(second + 1);
      } else if (name == "lvm.lv") {
        const auto slash = value.find('/');
        if (slash != std::string::npos) add_volume(value.substr(0, slash), value.substr(slash + 1), false);
      }
    }
  }

  void read_crypttab() {
    for (const auto& raw : base::lines(facts_.image.content("etc/crypttab").value_or(""))) {
      std::vector<std::string> fields;
      for (auto& field : base::split(base::replace_all(std::string(base::trim(raw)), "\t", " "), ' ')) {
        if (!field.empty()) fields.push_back(std::move(field));
      }
      if (fields.size() < 2 || fields[0].starts_with('#')) continue;
      if (const auto uuid = uuid_of(fields[1])) {
        encrypted(*uuid).name = fields[0];
      } else if (const auto known = std::ranges::find(disks_, fields[0], &ScratchDisk::name); known != disks_.end()) {
        known->partition = partition_of(fields[1]);
      } else if (const auto label = label_of(fields[1])) {
        ScratchDisk disk;
        disk.encrypted = true;
        disk.label = *label;
        disk.name = fields[0];
        disks_.push_back(std::move(disk));
      } else if (auto partition = partition_of(fields[1])) {
        ScratchDisk disk;
        disk.encrypted = true;
        disk.partition = std::move(partition);
        disk.name = fields[0];
        disks_.push_back(std::move(disk));
      } else {
        cannot_.push_back(fmt::format(
            "crypttab names {} for {}, which no scratch disk can bear; name it by UUID= or PARTUUID=, or say --disk",
            base::printable(fields[1]), base::printable(fields[0])));
      }
    }
  }

  void add_given(const std::string& text) {
    const auto value = text.substr(std::min(text.size(), text.find('=') + 1));
    ScratchDisk disk;
    if (text.starts_with("luks=") && is_uuid(value)) {
      (void)encrypted(value);
    } else if (text.starts_with("fs=") && is_uuid(value)) {
      disk.file_system_uuid = value;
      disks_.push_back(std::move(disk));
    } else {
      cannot_.push_back("--disk " + base::printable(text) + ": it is luks=UUID or fs=UUID");
    }
  }

  void add_volume(const std::string& group, const std::string& name, bool root) {
    if (!is_name(group) || !is_name(name)) return;
    if (!volumes_) volumes_ = VolumeGroup{group, {}};
    if (volumes_->name != group) {
      cannot_.push_back(
          fmt::format("volumes of two groups, {} and {}, are wanted: one scratch disk has one", volumes_->name, group));
      return;
    }
    auto& all = volumes_->volumes;
    std::erase(all, name);
    all.insert(root ? all.begin() : all.end(), name);
  }

  /// Where root= lies: it says what is on the disk, or which disk it is.
  void place_root() {
    auto root = facts_.cmdline_value("root").value_or("");
    root = without(root, "block:");
    const auto mapped = root.starts_with("/dev/mapper/") ? root.substr(12) : "";
    // What is encrypted has no partitions in it: this is a disk beside those.
    if (auto partition = partition_of(root)) {
      ScratchDisk disk;
      disk.root = true;
      disk.partition = std::move(partition);
      disks_.insert(disks_.begin(), std::move(disk));
      return;
    }
    auto disk =
        std::ranges::find_if(disks_, [&](const ScratchDisk& one) { return !mapped.empty() && one.name == mapped; });
    const bool named = disk != disks_.end();
    if (!root_uuid_.empty()) disk = std::ranges::find(disks_, root_uuid_, &ScratchDisk::uuid);
    if (disk == disks_.end() && !plain_root_) disk = std::ranges::find_if(disks_, &ScratchDisk::encrypted);
    if (disk == disks_.end() && !disks_.empty() && given_) disk = disks_.begin();
    if (disk == disks_.end()) disk = disks_.insert(disks_.begin(), ScratchDisk());
    disk->root = true;
    const bool accounted = given_ || root_known_ || disk->encrypted;
    if (const auto uuid = uuid_of(root))
      disk->file_system_uuid = *uuid;
    else if (const auto label = label_of(root))
      disk->file_system_label = *label;
    else if (!named && !(mapped.empty() ? root.empty() && root_known_ : !storage::volume_in(mapped)))
      root_in_group(root, mapped);
    if (!root_volume_.first.empty()) add_volume(root_volume_.first, root_volume_.second, true);
    const bool volume_named = volumes_ && !mapped.empty() && named_by_cmdline(mapped);
    if (!root.empty() && !accounted && !volume_named && cannot_.empty()) tell_unaccounted(root);
    if (!mapped.empty() && !named && !storage::volume_in(mapped) && !given_ && !root_known_ && root_uuid_.empty() &&
        plan_.unaccounted.empty())
      tell_unaccounted(root);
    disk->volumes = volumes_;
    disk->in_volume = volumes_ && disk->encrypted && volume_below_;
    std::rotate(disks_.begin(), disk, disk + 1);
  }

  /// rd.lvm.lv=GROUP/VOLUME says that a name of /dev/mapper is a logical volume's.
  [[nodiscard]] bool named_by_cmdline(const std::string& mapped) const {
    const auto volume = storage::volume_in(mapped);
    return volume && std::ranges::find(facts_.cmdline, "rd.lvm.lv=" + volume->first + "/" + volume->second) !=
                         facts_.cmdline.end();
  }

  void tell_unaccounted(const std::string& root) {
    plan_.unaccounted = fmt::format(
        "root={} is accounted for by nothing: no crypttab in the image and no rd.luks or rd.lvm.lv on the kernel's "
        "command line names it, and neither the image nor this machine tells what it lies on; if it is right, name its "
        "disk: --disk luks=UUID, or --disk fs=UUID",
        base::printable(root));
  }

  /// Devices that a host-only image waits for, whether it needs them or not (dracut's wait_for_dev): a file system that
  /// nothing else names is the root's, or lies on a disk of its own, as a swap device does.
  void read_waits() {
    for (const auto* top : {"usr/lib/dracut/hooks", "var/lib/dracut/hooks"}) {
      const auto folder = std::string(top) + "/initqueue/finished";
      for (const auto& name : facts_.image.list(folder)) {
        const auto text = facts_.image.content(folder + "/" + name).value_or("");
        const auto begin = text.find("/dev/disk/by-");
        if (!name.starts_with("devexists-") || begin == std::string_view::npos) continue;
        const auto device = text.substr(begin, text.find_first_of("\" ]", begin) - begin);
        if (const auto uuid = uuid_of(device))
          wait_for(*uuid);
        else if (const auto partition = partition_of(device))
          wait_for(*partition);
        else
          cannot_.push_back(
              fmt::format("the image waits for {}, which no scratch disk can bear", base::printable(device)));
      }
    }
  }

  void wait_for(const std::string& uuid) {
    const auto is_it = [&](const ScratchDisk& disk) { return disk.uuid == uuid || disk.file_system_uuid == uuid; };
    if (std::ranges::any_of(disks_, is_it)) return;
    if (disks_.front().file_system_uuid.empty() && disks_.front().file_system_label.empty()) {
      disks_.front().file_system_uuid = uuid;
      return;
    }
    ScratchDisk disk;
    disk.file_system_uuid = uuid;
    disks_.push_back(std::move(disk));
  }

  /// Which of the disks lies in it is not said: the root's, unless that has one already; then one that nothing else
  /// names, as a boot partition is.
  void wait_for(const Partition& partition) {
    if (std::ranges::find(disks_, partition, &ScratchDisk::partition) != disks_.end()) return;
    if (!disks_.front().partition) {
      disks_.front().partition = partition;
      return;
    }
    ScratchDisk disk;
    disk.partition = partition;
    disks_.push_back(std::move(disk));
  }

  void root_in_group(const std::string& root, const std::string& mapped) {
    if (const auto volume = storage::volume_in(mapped)) return add_volume(volume->first, volume->second, true);
    const auto parts = base::split(root, '/');  // /dev/GROUP/VOLUME
    if (parts.size() == 4 && parts[1] == "dev" && is_name(parts[2]) && is_name(parts[3]) && parts[2] != "disk" &&
        parts[2] != "mapper")
      return add_volume(parts[2], parts[3], true);
    if (root.empty())
      cannot_.emplace_back("no root= is known: name the command line of the next boot by --cmdline");
    else
      cannot_.push_back(
          fmt::format("root={} is nothing that a scratch disk can stand for: UUID=, LABEL=, PARTUUID=, "
                      "PARTLABEL=, /dev/mapper/ and logical volumes are",
                      base::printable(root)));
  }

  const inspect::Facts& facts_;
  Plan& plan_;
  std::vector<std::string>& cannot_;
  inspect::Openings openings_;
  bool given_ = false;         // disks were named by --disk
  bool root_known_ = false;    // what root= lies on, down to disks
  bool plain_root_ = false;    // it is not encrypted
  bool volume_below_ = false;  // its LUKS device is a logical volume
  std::string root_uuid_;      // of the LUKS header that it lies in
  std::pair<std::string, std::string> root_volume_;
  std::vector<ScratchDisk> disks_;
  std::optional<VolumeGroup> volumes_;
};

}  // namespace

void plan_disks(const inspect::Facts& facts, const Wishes& wishes, Plan& plan) {
  plan.disks = Search(facts, plan).run(wishes.disks);
}

}  // namespace rehearsal
