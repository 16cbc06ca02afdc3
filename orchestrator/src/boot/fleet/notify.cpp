// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/notify.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fleet {
namespace {

constexpr std::chrono::seconds kPatience{60};

/// Why it failed; "" if it did not.
std::string run(const std::string& command, const std::string& line, const std::map<std::string, std::string>& fields,
                std::chrono::seconds patience, const base::Context& context) {
  base::Command shell;
  shell.argv = {"/bin/sh", "-c", command};
  shell.env = context.environment;
  for (const auto& [name, value] : fields) shell.env[name] = value;
  shell.data[0] = line + "\n";
  shell.deadline = patience;
  const auto outcome = context.runner.run(shell, context.cancel);
  if (outcome.timed_out) return fmt::format("no end within {} s", patience.count());
  if (outcome.status == 0) return {};
  const auto words = base::lines(outcome.tail);
  return fmt::format("status {}{}", outcome.status,
                     words.empty() ? "" : ": " + base::printable(base::trim(words.back()), 200));
}

}  // namespace

void notify(const std::string& command, const std::string& line, const std::map<std::string, std::string>& fields,
            const base::Context& context) {
  try {
    const auto why = run(command, line, fields, kPatience, context);
    if (!why.empty()) context.console.warn("the command of --notify: " + why);
  } catch (const base::Error& error) {
    context.console.warn(std::string("the command of --notify: ") + error.what());
  }
}

bool approved(const std::string& command, const std::string& line, const std::map<std::string, std::string>& fields,
              std::chrono::seconds patience, const base::Context& context) {
  try {
    const auto why = run(command, line, fields, patience, context);
    if (!why.empty()) context.console.warn("the command of --approve: " + why);
    return why.empty();
  } catch (const base::Error& error) {
    context.console.warn(std::string("the command of --approve: ") + error.what());
    return false;
  }
}

}  // namespace fleet
