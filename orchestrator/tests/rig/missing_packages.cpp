// SPDX-License-Identifier: GPL-3.0-or-later
// What `dracut-sshd doctor` makes of a package manager's answers, on a system that has nothing installed of what an
// image needs: tool/packages.bats asks the real managers by it.
//
// missing-packages MANAGER   a line for each purpose: PURPOSE NAME yes|no|unknown, whether a repository has it
#include <fmt/format.h>

#include <exception>
#include <map>
#include <string>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/console.hpp"
#include "base/context.hpp"
#include "base/files.hpp"
#include "detect/packages.hpp"

int main(int count, char** words) {
  if (count != 2) {
    fmt::print(stderr, "usage: missing-packages MANAGER\n");
    return 2;
  }
  try {
    base::SystemRunner runner;
    const base::Cancel cancel;
    base::StderrConsole console;
    const std::map<std::string, std::string> environment;
    base::SystemClock clock;
    detect::SystemCommands commands({runner, cancel, console, environment, clock});
    const base::TempDir root(base::temp_parent(), "missing-packages-");
    detect::System system;
    system.package_manager = words[1];
    const auto packages = detect::read_packages({root.path(), commands, environment}, system);
    for (const auto& one : packages.missing)
      fmt::print("{} {} {}\n", one.purpose, one.name.empty() ? "-" : one.name,
                 !one.available_known ? "unknown"
                 : one.available      ? "yes"
                                      : "no");
    for (const auto& fault : packages.faults) fmt::print("fault {}\n", fault);
  } catch (const std::exception& fault) {
    fmt::print(stderr, "missing-packages: {}\n", fault.what());
    return 2;
  }
}
