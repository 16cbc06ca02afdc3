// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string_view>

#include "base/cancel.hpp"
#include "base/command.hpp"

/// Child processes whose output the caller takes as it comes, and ones that talk to the user themselves. For what
/// base::Runner does not do: it keeps output in files, and its children have no terminal.
namespace base {

/// Takes bytes in pieces of any size. What it throws ends the child, and travels on.
using TakeBytes = std::function<void(std::string_view)>;

/// Runs the command to its end in a process group of its own; its standard output goes to `out`, its standard error to
/// `err`. The exit status, or 128 + its signal. Interrupted after having ended the group when `cancel` is asked; Error
/// (Exit::missing_tool) if there is no such program. `log`, `stdout_to` and `deadline` are not looked at.
[[nodiscard]] int run_streamed(const Command& command, const TakeBytes& out, const TakeBytes& err,
                               const Cancel& cancel);

/// Runs the command in the caller's process group, so that it may use the terminal: its standard error is the
/// caller's, and so is its standard input if `command` has none of its own (data[0]). Its standard output goes to
/// `out`; if that is null, it is the caller's, too. Otherwise as run_streamed(), but a child that does not end when
/// asked to is waited for: it may have to restore the terminal.
[[nodiscard]] int run_at_terminal(const Command& command, const TakeBytes& out, const Cancel& cancel);

}  // namespace base
