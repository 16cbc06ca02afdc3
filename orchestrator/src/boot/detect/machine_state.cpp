// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/machine_state.hpp"

namespace detect {

Machine read_machine(const Source& source) {
  Machine machine;
  machine.system = read_system(source);
  machine.packages = read_packages(source, machine.system);
  machine.disks = read_disks(source);
  machine.boot = read_boot_chain(source);
  machine.network = read_network(source);
  machine.keys = read_keys(source);
  machine.daemon = read_daemon(source);
  return machine;
}

}  // namespace detect
