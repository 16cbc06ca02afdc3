// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/boot_chain.hpp"
#include "detect/candidate_keys.hpp"
#include "detect/daemon.hpp"
#include "detect/encrypted_disks.hpp"
#include "detect/network_read.hpp"
#include "detect/packages.hpp"
#include "detect/system.hpp"

namespace detect {

struct Machine {
  System system;
  Packages packages;
  Disks disks;
  BootChain boot;
  Network network;
  Keys keys;
  Daemon daemon;
};

[[nodiscard]] Machine read_machine(const Source& source);

}  // namespace detect
