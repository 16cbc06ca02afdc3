// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "setup/findings_parts.hpp"

namespace setup {

void add_faults(const std::string& id, inspect::Severity severity, const std::vector<std::string>& faults,
                inspect::Findings& out) {
  constexpr std::size_t kMost = 20;
  for (std::size_t at = 0; at < faults.size() && at < kMost; ++at)
    out.push_back({id, severity, base::printable(faults[at], 400), ""});
  if (faults.size() > kMost)
    out.push_back({id, severity, fmt::format("{} more of this kind", faults.size() - kMost), ""});
}

std::string listed(const std::vector<std::string>& items, std::size_t most) {
  std::vector<std::string> shown;
  for (std::size_t at = 0; at < items.size() && at < most; ++at) shown.push_back(base::printable(items[at], 200));
  auto out = base::join(shown, ", ");
  if (items.size() > most) out += fmt::format(" and {} more", items.size() - most);
  return out;
}

inspect::Findings findings_of(const detect::Machine& machine) {
  inspect::Findings out;
  add_system_findings(machine, out);
  // What is seen from there is another machine's.
  if (!machine.system.container.empty() || machine.system.chroot) return out;
  add_package_findings(machine, out);
  add_disk_findings(machine, out);
  add_boot_findings(machine, out);
  add_network_findings(machine, out);
  add_access_findings(machine, out);
  return out;
}

}  // namespace setup
