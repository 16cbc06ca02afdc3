// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "desk/host_probe.hpp"

namespace desk {

/// `dracut-sshd setup`, as it is run on the host.
struct SetupCall {
  std::string program;  // a path on the host
  RootBy root = RootBy::login;
  std::vector<std::string> options;  // for setup, as the user gave them, without those below
  bool yes = false;
  bool dry_run = false;
  bool remove = false;
};

/// A script of sh(1) that runs it without a terminal: its result is JSON if `json`, else text.
[[nodiscard]] std::string piped_script(const SetupCall& call, bool json);

/// A script that runs it at a terminal, and writes the result as JSON into the file `result`: setup(8) once more, with
/// --dry-run, which reports the state and writes nothing.
[[nodiscard]] std::string terminal_script(const SetupCall& call, const std::string& result);

}  // namespace desk
