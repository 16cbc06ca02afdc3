// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "rehearsal/plan.hpp"

namespace rehearsal {

/// The model of qemu's devices that a kernel module drives: "e1000e"; "" if qemu imitates none.
[[nodiscard]] std::string nic_model_for(std::string_view driver);

/// Where the machine's network interfaces are known: one of their kind, of those that the image drives before others,
/// and no driver is added for it. Returns whether plan.network.model was chosen; otherwise any that the image drives
/// will do, and what could not be imitated is among plan.changes. With none that is driven or imitated, plan.no_nic
/// says so.
bool choose_nic_of_machine(const inspect::Facts& facts, Plan& plan);

/// Whether `qemu -device help` lists a model, by what it printed.
[[nodiscard]] bool lists_device(std::string_view help, std::string_view model);

}  // namespace rehearsal
