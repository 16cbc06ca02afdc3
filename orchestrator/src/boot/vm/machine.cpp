// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/machine.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

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

void add_nics(std::vector<std::string>& argv, const std::vector<Nic>& nics) {
  unsigned number = 0;
  for (const auto& nic : nics) {
    const auto [type, rest] = [&] {
      const auto comma = std::min(nic.backend.find(','), nic.backend.size());
      return std::pair(nic.backend.substr(0, comma), nic.backend.substr(comma));
    }();
    argv.insert(argv.end(), {"-netdev", fmt::format("{},id=net{}{}", type, number, rest)});
    // No boot ROM: the kernel is given, and the ROMs are in a package of their own.
    argv.insert(argv.end(),
                {"-device", fmt::format("{0},netdev=net{1},id=nic{1},mac={2},romfile=", nic.model, number, nic.mac)});
    if (!nic.capture.empty())
      argv.insert(argv.end(), {"-object", fmt::format("filter-dump,id=packets{0},netdev=net{0},file={1}", number,
                                                      value(nic.capture.string()))});
    ++number;
  }
}

void add_firmware(std::vector<std::string>& argv, const FirmwareBoot& firmware) {
  const auto add = [&](const char* option, const std::string& text) { argv.insert(argv.end(), {option, text}); };
  // Only SMM may write to the variables: what is enrolled stays so, whatever the system does (edk2, OvmfPkg/README).
  add("-global", "driver=cfi.pflash01,property=secure,value=on");
  add("-global", "ICH9-LPC.disable_s3=1");
  add("-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + value(firmware.code.string()));
  add("-drive", "if=pflash,unit=1,format=raw,file=" + value(firmware.variables.string()));
  add("-drive", "if=none,id=boot,format=raw,readonly=on,file=fat:" + value(firmware.boot_partition.string()));
  // The firmware drives it; the system need not.
  add("-device", "virtio-blk-pci,drive=boot");
  for (const auto& text : firmware.oem_strings) add("-smbios", "type=11,value=" + value(text));
  if (firmware.tpm < 0) return;
  add("-chardev", fmt::format("socket,id=tpm,fd={}", kTpmDescriptor));
  add("-tpmdev", "emulator,id=tpm0,chardev=tpm");
  add("-device", "tpm-crb,tpmdev=tpm0");
}

}  // namespace

std::string_view emulated_cmdline() {
  // Mitigations; programs at another address each time, which qemu before 8.0 translates anew for each address; pages
  // that are cleared twice; the kernel's tests of its own ciphers; BPF programs, in whose verifier guests have locked
  // up; AppArmor's profiles. On a busy machine its timer may come so late that the kernel takes it
  // for broken, and panics.
  return "mitigations=off norandmaps init_on_alloc=0 cryptomgr.notests lsm=lockdown,yama no_timer_check";
}

std::string_view seccomp_option() { return "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"; }

Nic nic_of(const UserNetwork& network, const std::filesystem::path& capture) {
  // restrict=on: the guest reaches nobody but the two addresses of this network.
  return {network.model, network.mac,
          fmt::format("user,restrict=on,ipv6=off,net={},host={},dns={},dhcpstart={},hostfwd=tcp:127.0.0.1:{}-{}:{}",
                      network.subnet, network.gateway, network.name_server, network.address, network.port,
                      network.address, network.guest_port),
          capture};
}

Logs logs_in(const std::filesystem::path& folder) {
  return {folder / "console.log", folder / "journal.log", folder / "packets.pcap", folder / "qemu.log"};
}

std::vector<std::string> arguments_of(const Machine& machine, const Logs& logs, int monitor) {
  const auto& architecture = *machine.architecture;
  std::vector<std::string> argv{
      std::string(architecture.qemu), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"};
  const auto add = [&](const char* option, const std::string& text) { argv.insert(argv.end(), {option, text}); };
  if (machine.seccomp) add("-sandbox", std::string(seccomp_option()));
  // A controller that nothing is at costs an emulated guest seconds: its driver looks at six ports.
  const bool sata = std::ranges::any_of(machine.disks, [](const Disk& disk) { return disk.model == "ide-hd"; });
  add("-machine", std::string(architecture.machine) + (sata ? "" : std::string(architecture.without_sata)) +
                      (machine.firmware ? ",smm=on" : ""));
  add("-accel", machine.kvm ? "kvm" : "tcg,thread=multi");
  add("-cpu", machine.kvm ? "host" : std::string(architecture.imitated));
  add("-smp", fmt::format("{}", machine.processors));
  add("-m", fmt::format("{}", machine.memory));
  add("-chardev", fmt::format("socket,id=monitor,fd={}", monitor));
  add("-mon", "chardev=monitor,mode=control");
  const auto console = value(logs.console.string());
  add("-chardev", machine.keyboard.empty() ? "file,id=console,path=" + console
                                           : fmt::format("socket,id=console,path={},server=on,wait=off,logfile={}",
                                                         value(machine.keyboard.string()), console));
  add("-serial", "chardev:console");
  if (!architecture.second_port.empty() && !logs.journal.empty()) {
    add("-chardev", fmt::format("file,id=journal,path={}", value(logs.journal.string())));
    add("-serial", "chardev:journal");
  }
  add("-device", "virtio-rng-pci");
  if (machine.firmware) {
    add_firmware(argv, *machine.firmware);
  } else {
    add("-kernel", machine.kernel.string());
    add("-initrd", machine.initrd.string());
    add("-append", machine.cmdline);
  }
  add_disks(argv, machine.disks);
  add_nics(argv, machine.nics);
  if (machine.hot_plug) add("-device", "pcie-root-port,id=later,chassis=9,slot=9");
  return argv;
}

bool can_use_kvm(const Architecture& architecture) {
  return architecture.name == own_architecture() && access("/dev/kvm", R_OK | W_OK) == 0;
}

}  // namespace vm
