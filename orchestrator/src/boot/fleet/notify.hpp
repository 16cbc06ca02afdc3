// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/context.hpp"

namespace fleet {

/// Runs a shell command of the user's for an event: /bin/sh -c COMMAND, with the event's JSON line on standard input
/// and `fields` in its environment. It has 60 s. Never throws but base::Interrupted: a failure becomes a warning.
void notify(const std::string& command, const std::string& line, const std::map<std::string, std::string>& fields,
            const base::Context& context);

/// The same, and says whether it succeeded: for a command that decides. It has `patience`.
[[nodiscard]] bool approved(const std::string& command, const std::string& line,
                            const std::map<std::string, std::string>& fields, std::chrono::seconds patience,
                            const base::Context& context);

}  // namespace fleet
