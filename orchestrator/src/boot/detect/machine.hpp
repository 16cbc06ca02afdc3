// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/boot_chain.hpp"
#include "detect/daemon.hpp"
#include "detect/disks.hpp"
#include "detect/keys.hpp"
#include "detect/network.hpp"
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
