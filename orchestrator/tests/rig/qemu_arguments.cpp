// SPDX-License-Identifier: GPL-3.0-or-later
// What ci/e2e calls qemu with, by the code that dracut-sshd rehearse calls it with: one way to boot.
//
// Standard input is a machine as JSON: elf_machine (e_machine of elf(5)), kernel, initrd, cmdline, memory (MiB),
// processors, disks (files, which stay as they are), own_disks (files that are written to, after the others), nics
// (backend, mac, perhaps model), firmware (code, variables, boot_partition, oem_strings), console (the log), keyboard
// (a socket), monitor (a descriptor for QMP). Standard output is the list of qemu's arguments, its name first. With
// --cmdline and that number: what every emulated kernel is told.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "vm/machine.hpp"

namespace {

const vm::Architecture* architecture_of(unsigned elf_machine) {
  const auto* const known = vm::architecture_of(static_cast<std::uint16_t>(elf_machine));
  if (known == nullptr) throw std::invalid_argument(fmt::format("no machine of e_machine {} is known", elf_machine));
  return known;
}

vm::Machine machine_of(const nlohmann::json& said) {
  vm::Machine out;
  out.architecture = architecture_of(said.at("elf_machine").get<unsigned>());
  out.kernel = said.at("kernel").get<std::string>();
  out.initrd = said.at("initrd").get<std::string>();
  out.cmdline = said.at("cmdline").get<std::string>();
  out.memory = said.at("memory").get<unsigned>();
  out.processors = said.at("processors").get<unsigned>();
  for (const auto& disk : said.at("disks")) out.disks.push_back({disk.get<std::string>(), "virtio-blk-pci", true});
  for (const auto& disk : said.value("own_disks", nlohmann::json::array()))
    out.disks.push_back({disk.get<std::string>(), "virtio-blk-pci", false});
  for (const auto& nic : said.at("nics"))
    out.nics.push_back({.model = nic.value("model", vm::Nic{}.model),
                        .mac = nic.at("mac").get<std::string>(),
                        .backend = nic.at("backend").get<std::string>(),
                        .capture = {}});
  out.keyboard = said.at("keyboard").get<std::string>();
  if (const auto firmware = said.find("firmware"); firmware != said.end() && firmware->is_object()) {
    out.firmware.emplace();
    out.firmware->code = firmware->at("code").get<std::string>();
    out.firmware->variables = firmware->at("variables").get<std::string>();
    out.firmware->boot_partition = firmware->at("boot_partition").get<std::string>();
    out.firmware->oem_strings = firmware->at("oem_strings").get<std::vector<std::string>>();
  }
  out.hot_plug = true;
  return out;
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count == 3 && std::string_view(words[1]) == "--cmdline") {
      const auto* const architecture = architecture_of(static_cast<unsigned>(std::stoul(words[2])));
      fmt::print("console={} {}\n", architecture->console, vm::emulated_cmdline());
      return 0;
    }
    const auto said = nlohmann::json::parse(std::cin);
    const vm::Logs logs{said.at("console").get<std::string>(), {}, {}, {}};
    fmt::print("{}\n", nlohmann::json(vm::arguments_of(machine_of(said), logs, said.at("monitor").get<int>())).dump());
  } catch (const std::exception& fault) {
    fmt::print(stderr, "qemu-arguments: {}\n", fault.what());
    return 2;
  }
  return 0;
}
