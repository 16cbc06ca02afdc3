// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/wanted_disks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.hpp"
#include "rehearsal/names.hpp"

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
  Search(const inspect::Facts& facts, std::vector<std::string>& cannot) : facts_(facts), cannot_(cannot) {}

  std::vector<ScratchDisk> run(const std::vector<std::string>& given) {
    if (given.empty()) {
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
    if (!named) disk = std::ranges::find_if(disks_, &ScratchDisk::encrypted);
    if (disk == disks_.end()) disk = disks_.begin();
    if (disks_.empty()) {
      disks_.emplace_back();
      disk = disks_.begin();
    }
    disk->root = true;
    if (const auto uuid = uuid_of(root))
      disk->file_system_uuid = *uuid;
    else if (const auto label = label_of(root))
      disk->file_system_label = *label;
    else if (!named)
      root_in_group(root, mapped);
    disk->volumes = volumes_;
    std::rotate(disks_.begin(), disk, disk + 1);
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
    if (const auto volume = volume_of(mapped)) return add_volume(volume->first, volume->second, true);
    const auto parts = base::split(root, '/');  // /dev/GROUP/VOLUME
    if (parts.size() == 4 && parts[1] == "dev" && is_name(parts[2]) && is_name(parts[3]) && parts[2] != "disk")
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
  std::vector<std::string>& cannot_;
  std::vector<ScratchDisk> disks_;
  std::optional<VolumeGroup> volumes_;
};

}  // namespace

std::vector<ScratchDisk> wanted_disks(const inspect::Facts& facts, const Wishes& wishes,
                                      std::vector<std::string>& cannot) {
  return Search(facts, cannot).run(wishes.disks);
}

}  // namespace rehearsal
