// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/make_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "rehearsal/addresses.hpp"
#include "rehearsal/disk_plan.hpp"
#include "rehearsal/nic.hpp"

namespace rehearsal {
namespace {

/// Which of qemu's devices a kernel module drives; the best first.
struct Device {
  std::array<std::string_view, 2> drivers;  // all of them are needed
  std::string_view model;
};
constexpr std::array kDisks{Device{{"virtio_blk", "virtio_pci"}, "virtio-blk-pci"}, Device{{"nvme", "nvme"}, "nvme"},
                            Device{{"ahci", "sd_mod"}, "ide-hd"}, Device{{"virtio_scsi", "sd_mod"}, "scsi-hd"}};
constexpr std::array kNics{Device{{"virtio_net", "virtio_pci"}, "virtio-net-pci"},
                           Device{{"e1000e", "e1000e"}, "e1000e"}, Device{{"e1000", "e1000"}, "e1000"},
                           Device{{"vmxnet3", "vmxnet3"}, "vmxnet3"}, Device{{"8139cp", "8139cp"}, "rtl8139"}};

bool drives(const inspect::Facts& facts, const Device& device) {
  return std::ranges::all_of(device.drivers, [&](std::string_view name) { return facts.has_driver(name); });
}

/// The first device that the image has drivers for; otherwise the first of all, whose drivers have to be added.
template <std::size_t Count>
std::string choose(const inspect::Facts& facts, const std::array<Device, Count>& devices, std::string_view what,
                   const Wishes& wishes, Plan& plan) {
  const auto* const found = std::ranges::find_if(devices, [&](const Device& device) { return drives(facts, device); });
  if (found != devices.end()) return std::string(found->model);
  if (wishes.as_is)
    plan.cannot.push_back(
        fmt::format("the image drives no {} that qemu can imitate; without --as-is a driver is added", what));
  for (const auto name : devices.front().drivers) {
    if (!facts.has_driver(name) && std::ranges::find(plan.drivers, name) == plan.drivers.end())
      plan.drivers.emplace_back(name);
  }
  return std::string(devices.front().model);
}

void plan_hardware(const inspect::Facts& facts, const Wishes& wishes, Plan& plan) {
  std::uint16_t machine = 0;
  for (const auto* path : {"usr/lib/systemd/systemd", "lib/systemd/systemd", "init", "usr/bin/sh", "bin/sh"}) {
    const auto* node = facts.image.find(path);
    if (machine == 0 && node != nullptr && node->elf) machine = node->elf->machine;
  }
  plan.architecture = vm::architecture_of(machine);
  if (plan.architecture == nullptr)
    plan.cannot.push_back(
        machine == 0 ? "no program is in it that tells which machine it is for"
                     : fmt::format("its programs are for a machine (ELF's number {}) that is not known here", machine));
  plan.disk_model = choose(facts, kDisks, "disk", wishes, plan);
  if (!choose_nic_of_machine(facts, plan)) plan.network.model = choose(facts, kNics, "network interface", wishes, plan);
  if (!facts.has_driver("ext4")) {
    if (wishes.as_is)
      plan.cannot.emplace_back(
          "the image cannot mount ext4, which the scratch disk has; without --as-is that is added");
    plan.drivers.emplace_back("ext4");
  }
  if (!plan.drivers.empty() && !wishes.as_is)
    plan.changes.push_back("kernel modules are added for the virtual machine: " + base::join(plan.drivers, ", "));
}

void plan_cmdline(const inspect::Facts& facts, const Wishes& wishes, Plan& plan) {
  std::vector<std::string> kept;
  std::vector<std::string> dropped;
  std::vector<std::string> words = inspect::words_of(facts.options.cmdline);
  if (const auto uki = facts.image.sections.find(".cmdline"); uki != facts.image.sections.end() && words.empty())
    words = inspect::words_of(base::replace_all(uki->second, "\n", " "));
  for (const auto& word : words) {
    if (const auto why = why_dropped(word); why.empty())
      kept.push_back(word.find(' ') == std::string::npos ? word : '"' + word + '"');
    else
      dropped.push_back(fmt::format("{} ({})", word, why));
  }
  if (wishes.breaks) kept.emplace_back("rd.break");
  if (!dropped.empty()) plan.changes.push_back("removed from the kernel command line: " + base::join(dropped, ", "));
  plan.cmdline = base::join(kept, " ");
}

}  // namespace

std::string why_dropped(const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  struct Rule {
    std::string_view name;
    std::string_view why;
  };
  static constexpr std::array kRules{
      Rule{"quiet", "what the kernel says is wanted"},
      Rule{"loglevel", "what the kernel says is wanted"},
      Rule{"console", "the virtual machine has a serial port"},
      Rule{"resume", "there is nothing to resume from"},
      Rule{"resume_offset", "there is nothing to resume from"},
      Rule{"rootflags", "the scratch disk has ext4"},
      Rule{"rootfstype", "the scratch disk has ext4"},
      Rule{"init", "the marker system has its own"},
      Rule{"ostree", "the scratch disk has no deployment"},
      Rule{"mount.usr", "the scratch disk has no /usr of its own"},
      Rule{"mount.usrflags", "the scratch disk has no /usr of its own"},
      Rule{"mount.usrfstype", "the scratch disk has no /usr of its own"},
      Rule{"rd.md.uuid", "the scratch disk is not an array"},
      Rule{"crashkernel", "it takes memory"},
      Rule{"hugepages", "it takes memory"},
  };
  const auto* const found = std::ranges::find(kRules, name, &Rule::name);
  return found == kRules.end() ? "" : std::string(found->why);
}

Plan plan_of(const inspect::Facts& facts, const Wishes& wishes) {
  Plan plan;
  plan_hardware(facts, wishes, plan);
  plan_cmdline(facts, wishes, plan);
  plan_disks(facts, wishes, plan);
  give_address(facts, plan);
  if (plan.cannot.empty() && std::ranges::none_of(plan.disks, &ScratchDisk::encrypted))
    plan.changes.emplace_back("the boot needs no encrypted disk: there is nothing to unlock");
  return plan;
}

}  // namespace rehearsal
