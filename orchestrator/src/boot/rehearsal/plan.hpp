// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "inspect/facts.hpp"
#include "rehearsal/partition.hpp"
#include "rehearsal/volumes.hpp"
#include "vm/machine.hpp"

/// What has to be there so that an image can be booted as if it were on its machine, told from the image and its
/// kernel's command line alone. Nothing is made, and nothing is run.
namespace rehearsal {

/// A disk as the initramfs looks for it. What lies on it: a PV, else a file system.
struct ScratchDisk {
  bool encrypted = false;
  std::string uuid;   // of its LUKS header; "": any
  std::string label;  // of its LUKS header
  std::string name;   // under which it is opened
  bool root = false;  // the marker system is on it
  std::string file_system_uuid;
  std::string file_system_label;
  std::optional<VolumeGroup> volumes;
  bool in_volume = false;              // its LUKS device is the first of `volumes`, instead of holding them
  std::optional<Partition> partition;  // in which all of it lies; otherwise the disk has no partitions
};

struct Wishes {
  bool as_is = false;              // nothing is added to the image
  bool breaks = false;             // rd.break
  std::string root = "/";          // of the system whose kernel modules may be added
  std::vector<std::string> disks;  // --disk: "luks=UUID", "fs=UUID"
};

struct Plan {
  std::vector<ScratchDisk> disks;
  std::string disk_model;
  vm::UserNetwork network;
  std::string nic_name;               // that the nic shall have; "": the one that udev gives it
  std::string cmdline;                // without what the machine below adds
  std::vector<std::string> drivers;   // kernel modules that are to be added to the image
  std::vector<std::string> changes;   // what is otherwise than at the next boot, for people
  std::vector<std::string> cannot;    // why it cannot be rehearsed
  std::vector<std::string> unopened;  // encrypted disks that the boot needs, and that nothing in the image opens
  std::string unaccounted;            // why nobody knows what root= is: then nothing is booted
  std::string no_nic;                 // why no network interface like the machine's would be driven: the same
  const vm::Architecture* architecture = nullptr;
};

}  // namespace rehearsal
