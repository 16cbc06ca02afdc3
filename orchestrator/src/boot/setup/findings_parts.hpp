// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect/machine_state.hpp"
#include "inspect/report.hpp"

/// The parts of findings_of(): each adds what it has to say of its topic, also that all is well.
namespace setup {

// findings_system.cpp: host.system, host.root, host.names, host.packages, ...
void add_system_findings(const detect::Machine& machine, inspect::Findings& out);
void add_package_findings(const detect::Machine& machine, inspect::Findings& out);

// findings_disks.cpp: host.encrypted, ...
void add_disk_findings(const detect::Machine& machine, inspect::Findings& out);

// findings_boot.cpp: host.generator, host.image, host.boot, host.loader, ...
void add_boot_findings(const detect::Machine& machine, inspect::Findings& out);

// findings_network.cpp: host.network, ...
void add_network_findings(const detect::Machine& machine, inspect::Findings& out);

// findings_access.cpp: host.keys, host.hostkeys, host.sshd, host.port
void add_access_findings(const detect::Machine& machine, inspect::Findings& out);

/// What a part could not find out, as findings of that severity.
void add_faults(const std::string& id, inspect::Severity severity, const std::vector<std::string>& faults,
                inspect::Findings& out);

/// Names for a sentence, fit for a terminal: "a, b and 3 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& items, std::size_t most = 8);

}  // namespace setup
