// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "inspect/facts.hpp"
#include "rehearsal/overlay.hpp"
#include "rehearsal/plan.hpp"

namespace rehearsal {

/// Lays over the image what shows more of its boot, and what it needs to run on the virtual machine.
void add_settings(Overlay& overlay, const inspect::Facts& facts, const Plan& plan);

/// The kernel's command line: the plan's, and what the virtual machine adds to it. `as_is`: without an overlay.
[[nodiscard]] std::string cmdline_of(const Plan& plan, bool kvm, bool as_is);

}  // namespace rehearsal
