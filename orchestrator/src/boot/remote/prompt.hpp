// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/process.hpp"
#include "remote/secret.hpp"

namespace remote {

/// Asks at the terminal, without echo; an Error where there is no terminal. While it waits:
/// - base::Interrupted at once when `cancel` is asked; Ctrl-\ asks it as well.
/// - Ctrl-Z stops the program with the echo on, and the question is put again when it goes on.
/// - The echo is on again however this ends, SIGKILL excepted, and what was typed so far reaches nobody else.
/// One at a time: signal handlers have no arguments.
[[nodiscard]] Secret from_terminal(const std::string& question, base::Cancel& cancel);

}  // namespace remote
