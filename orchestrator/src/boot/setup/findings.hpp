// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/machine_state.hpp"
#include "inspect/report.hpp"

namespace setup {

/// What `dracut-sshd doctor` says of a machine: one finding for each thing that decides whether its next boot can be
/// unlocked over ssh, good ones too. Ids begin with "host.": "host.encrypted", "host.network.static". `inspect` says
/// what is so in the image; nothing is said twice. Of a container
/// or a chroot nothing is said but that it is one.
[[nodiscard]] inspect::Findings findings_of(const detect::Machine& machine);

}  // namespace setup
