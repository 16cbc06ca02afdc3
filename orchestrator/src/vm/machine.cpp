// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/machine.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace vm {
namespace {

/// A comma in a value of an option is written twice (qemu(1), "Driver-specific options").
std::string value(const std::string& text) { return base::replace_all(text, ",", ",,"); }

void add_disks(std::vector<std::string>& argv, const std::vector<Disk>& disks) {
  bool has_scsi = false;
  unsigned number = 0;
  for (const auto& disk : disks) {
    const auto id = fmt::format("disk{}", number);
    argv.insert(argv.end(), {"-drive", fmt::format("if=none,id={},file={},format=raw,cache=unsafe,werror=report{}", id,
                                                   value(disk.file.string()), disk.keep ? ",snapshot=on" : "")});
    if (disk.model == "scsi-hd" && !has_scsi) {
      argv.insert(argv.end(), {"-device", "virtio-scsi-pci,id=scsi"});
      has_scsi = true;
    }
    auto device = fmt::format("{},drive={}", disk.model, id);
    if (disk.model == "nvme") device += fmt::format(",serial={}", id);
    if (disk.model == "ide-hd") device += fmt::format(",bus=ide.{}", number);
    argv.insert(argv.end(), {"-device", device});
    ++number;
  }
}

}  // namespace

Logs logs_in(const std::filesystem::path& folder) {
  return {folder / "console.log", folder / "journal.log", folder / "packets.pcap", folder / "qemu.log"};
}

std::vector<std::string> arguments_of(const Machine& machine, const Logs& logs, int monitor) {
  const auto& architecture = *machine.architecture;
  std::vector<std::string> argv{
      std::string(architecture.qemu), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"};
  const auto add = [&](const char* option, const std::string& text) { argv.insert(argv.end(), {option, text}); };
  // A controller that nothing is at costs an emulated guest seconds: its driver looks at six ports.
  const bool sata = std::ranges::any_of(machine.disks, [](const Disk& disk) { return disk.model == "ide-hd"; });
  add("-machine", std::string(architecture.machine) + (sata ? "" : std::string(architecture.without_sata)));
  add("-accel", machine.kvm ? "kvm" : "tcg,thread=multi");
  add("-cpu", machine.kvm ? "host" : "max");
  add("-smp", fmt::format("{}", machine.processors));
  add("-m", fmt::format("{}", machine.memory));
  add("-chardev", fmt::format("socket,id=monitor,fd={}", monitor));
  add("-mon", "chardev=monitor,mode=control");
  add("-chardev", fmt::format("file,id=console,path={}", value(logs.console.string())));
  add("-serial", "chardev:console");
  if (!architecture.second_port.empty()) {
    add("-chardev", fmt::format("file,id=journal,path={}", value(logs.journal.string())));
    add("-serial", "chardev:journal");
  }
  add("-device", "virtio-rng-pci");
  add("-kernel", machine.kernel.string());
  add("-initrd", machine.initrd.string());
  add("-append", machine.cmdline);
  add_disks(argv, machine.disks);
  const auto& card = machine.card;
  // restrict=on: the guest reaches nobody but the two addresses of this network.
  add("-netdev",
      fmt::format("user,id=card,restrict=on,ipv6=off,net={},host={},dns={},dhcpstart={},hostfwd=tcp:127.0.0.1:{}-{}:{}",
                  card.network, card.gateway, card.name_server, card.address, card.port, card.address,
                  card.guest_port));
  // No boot ROM: the kernel is given, and the ROMs are in a package of their own.
  add("-device", fmt::format("{},netdev=card,mac={},romfile=", card.model, card.mac));
  add("-object", fmt::format("filter-dump,id=packets,netdev=card,file={}", value(logs.packets.string())));
  return argv;
}

bool can_use_kvm(const Architecture& architecture) {
  return architecture.name == own_architecture() && access("/dev/kvm", R_OK | W_OK) == 0;
}

}  // namespace vm
