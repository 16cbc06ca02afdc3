// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/architecture.hpp"

/// A virtual machine, as a value; and what qemu(1) is called with for it.
namespace vm {

struct Disk {
  std::filesystem::path file;  // raw
  std::string model;           // "virtio-blk-pci", "nvme", "ide-hd", "scsi-hd"
  bool keep = false;           // what is written to it is thrown away, and the file stays as it is
};

/// A network interface, and what it is connected to.
struct Nic {
  std::string model = "virtio-net-pci";
  std::string mac;
  std::string backend;            // of -netdev, without its id
  std::filesystem::path capture;  // gets what goes over it, as pcap(5); or ""
};

/// A network of qemu's own in user space: the guest reaches nobody, and is reached at one port of this machine's
/// loopback.
struct UserNetwork {
  std::string model = "virtio-net-pci";
  std::string mac = "52:54:00:12:34:00";
  std::string subnet = "10.0.2.0/24";  // in which it lies
  std::string gateway = "10.0.2.2";
  std::string address = "10.0.2.15";  // that it has, or is given by DHCP
  std::string name_server = "10.0.2.3";
  unsigned guest_port = 22;
  unsigned port = 0;  // of 127.0.0.1; 0: any that is free
};

/// The firmware starts the machine, instead of qemu.
struct FirmwareBoot {
  std::filesystem::path code;
  std::filesystem::path variables;       // this machine's own, which the firmware writes to
  std::filesystem::path boot_partition;  // a folder, shown as a FAT file system that nobody writes to
  std::vector<std::string> oem_strings;  // SMBIOS, type 11
  int tpm = -1;                          // a descriptor at which swtpm(8) listens, for qemu; -1: there is no TPM
};

struct Machine {
  const Architecture* architecture = nullptr;
  bool kvm = false;  // otherwise emulated
  unsigned processors = 1;
  unsigned memory = 1024;  // MiB
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string cmdline;
  std::optional<FirmwareBoot> firmware;  // then the three above are not used
  std::vector<Disk> disks;
  std::vector<Nic> nics;
  std::filesystem::path keyboard;  // a socket to make, at which somebody types at the console; "": nobody does
  bool seccomp = false;            // qemu does without the system calls of seccomp_option()
  bool hot_plug = false;           // a port, called "later", at which a disk may appear
};

/// What an emulated kernel is told: not to do what an emulated processor pays dearly for.
[[nodiscard]] std::string_view emulated_cmdline();

/// What -sandbox is told: no program is started, no privilege or limit changed (qemu(1)).
[[nodiscard]] std::string_view seccomp_option();

/// The nic at that network.
[[nodiscard]] Nic nic_of(const UserNetwork& network, const std::filesystem::path& capture);

/// Where qemu leaves what it sees, all in one folder.
struct Logs {
  std::filesystem::path console;  // the first serial port
  std::filesystem::path journal;  // the second one; "": there is none
  std::filesystem::path packets;  // of the nic, as pcap(5)
  std::filesystem::path qemu;     // its own words
};

[[nodiscard]] Logs logs_in(const std::filesystem::path& folder);

/// What qemu calls the descriptor of the TPM.
inline constexpr int kTpmDescriptor = 4;

/// The arguments. QMP is spoken over the descriptor `monitor`.
[[nodiscard]] std::vector<std::string> arguments_of(const Machine& machine, const Logs& logs, int monitor);

/// Whether /dev/kvm is there, may be used by this user, and is for this architecture.
[[nodiscard]] bool can_use_kvm(const Architecture& architecture);

}  // namespace vm
