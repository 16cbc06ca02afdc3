// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "inspect/boot_words.hpp"
#include "inspect/check.hpp"

namespace inspect {
namespace {

/// The disks below /, /usr and resume=.
std::set<std::string> needed_disks(const storage::Storage& storage) {
  std::set<std::string> out;
  for (const auto& [purpose, top] : storage.needs) {
    for (const auto index : storage::nodes_from(storage, top)) {
      const auto& node = storage.nodes[index];
      if (node.kind == storage::StorageKind::disk) out.insert(node.name);
    }
  }
  return out;
}

bool is_module_name(const std::string& name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

}  // namespace

void check_disk_driver(const Facts& facts, Findings& out) {
  // An image without modules is for a kernel that has all of its drivers in itself.
  if (facts.kernels.empty()) return;
  std::set<std::string> missing;
  std::set<std::string> found;
  std::vector<std::string> lacking;
  for (const auto& disk : needed_disks(facts.storage)) {
    const auto known = facts.storage.drivers.find(disk);
    if (known == facts.storage.drivers.end()) continue;
    std::vector<std::string> absent;
    for (const auto& module : known->second) {
      if (const auto word = word_that_blocks(facts, module); !word.empty())
        return out.push_back({"disk.driver", Severity::error,
                              fmt::format("{} on the kernel's command line keeps the driver {} of {} away",
                                          base::printable(word), base::printable(module), base::printable(disk)),
                              "remove that word from the kernel's command line"});
      (facts.has_driver(module) ? found : missing).insert(module);
      if (!facts.has_driver(module)) absent.push_back(module);
    }
    if (!absent.empty())
      lacking.push_back(base::printable(disk) + " (" + base::printable(base::join(absent, ", "), 200) + ")");
  }
  if (missing.empty() && found.empty())
    return out.push_back({"disk.driver", Severity::good, "which ones this machine needs is not known here", ""});
  if (missing.empty())
    return out.push_back(
        {"disk.driver", Severity::good, base::printable(base::join({found.begin(), found.end()}, ", "), 300), ""});
  // These names become words of a shell's configuration file.
  const bool sound = std::ranges::all_of(missing, is_module_name);
  out.push_back({"disk.driver", Severity::error,
                 fmt::format("a driver is missing for {}", base::printable(base::join(lacking, ", "), 400)),
                 fmt::format("add_drivers+=\" {} \" in /etc/dracut.conf.d/90-disk.conf, and dracut-sshd-rebuild",
                             sound ? base::join({missing.begin(), missing.end()}, " ") : "DRIVER")});
}

}  // namespace inspect
