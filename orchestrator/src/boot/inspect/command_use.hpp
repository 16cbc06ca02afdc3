// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "inspect/facts.hpp"
#include "openssh/access.hpp"

namespace inspect {

/// What a forced command (command=, ForceCommand) is worth to somebody who has to unlock the machine: root's shell runs
/// it, and of what it runs the program's name says what it does, if it is in the image. Useful: `unlock`, systemd's
/// agent for passphrases, a shell, and what the client asked for ($SSH_ORIGINAL_COMMAND).
[[nodiscard]] openssh::CommandUse use_of_command(const Facts& facts, std::string_view command);

/// A shell that lets nobody in: nologin(8), false(1) and the like.
[[nodiscard]] bool is_no_shell(std::string_view path);

}  // namespace inspect
