// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/nic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "inspect/nics.hpp"

namespace rehearsal {
namespace {

struct Model {
  std::string_view driver;
  std::string_view model;
};
constexpr std::array kModels{Model{"virtio_net", "virtio-net-pci"},
                             Model{"e1000e", "e1000e"},
                             Model{"e1000", "e1000"},
                             Model{"igb", "igb"},
                             Model{"vmxnet3", "vmxnet3"},
                             Model{"8139cp", "rtl8139"},
                             Model{"8139too", "rtl8139"},
                             Model{"pcnet32", "pcnet"},
                             Model{"tulip", "tulip"}};

}  // namespace

std::string nic_model_for(std::string_view driver) {
  const auto* const found = std::ranges::find(kModels, driver, &Model::driver);
  return found == kModels.end() ? "" : std::string(found->model);
}

bool choose_nic_of_machine(const inspect::Facts& facts, Plan& plan) {
  const auto nics = inspect::nics_of(facts);
  std::vector<std::string> others;
  std::string lacking;  // imitated by qemu, and not driven by the image
  bool driven = false;
  bool known = false;
  for (const auto& nic : nics.all) {
    const auto& driver = nic.module;
    if (driver.empty()) return false;  // built into the kernel, or not known
    known = true;
    const bool drives = facts.has_driver(driver);
    driven = driven || drives;
    const auto model = nic_model_for(driver);
    if (drives && model == "virtio-net-pci" && !facts.has_driver("virtio_pci")) return false;
    if (drives && !model.empty()) {
      plan.network.model = model;
      return true;
    }
    if (!model.empty() && lacking.empty()) lacking = driver;
    others.push_back(base::printable(nic.name) + " (" + base::printable(driver) + ")");
  }
  if (!known) return false;
  const auto listed = base::printable(base::join(others, ", "), 300);
  if (!driven && lacking.empty()) {
    plan.no_nic = "the image has no driver for this machine's network interfaces: " + listed;
    return false;
  }
  if (!driven) {
    plan.network.model = nic_model_for(lacking);
    plan.changes.push_back(fmt::format(
        "the network interface is a {} as the machine has it; the image has no driver {}, and none is added",
        plan.network.model, lacking));
    return true;
  }
  plan.changes.push_back(fmt::format("qemu has no network interface like {}: another one stands in", listed));
  return false;
}

bool lists_device(std::string_view help, std::string_view model) {
  return help.find(fmt::format("name \"{}\"", model)) != std::string_view::npos;
}

}  // namespace rehearsal
