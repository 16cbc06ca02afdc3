// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace remote {

/// What to wait for at a machine, for how long, and what may be done there.
struct Wait {
  std::chrono::seconds deadline{600};   // for each machine, all in all
  std::chrono::seconds first_pause{1};  // between two tries; it doubles up to `longest_pause`
  std::chrono::seconds longest_pause{15};
  bool for_system = true;     // wait for the real system, too
  std::string ready;          // a command of the real system that has to succeed then; "": none
  bool pin = false;           // what is sent is the PIN of a token, for its prompt alone
  bool after_reboot = false;  // a real system counts only once it has rebooted
  /// A look has just been shown the initramfs's key, though not its proof: begin by sending, which needs the proof.
  bool straight = false;
  bool reboot = false;              // have the real system reboot first
  std::string reboot_command;       // by this command; "": systemctl reboot, by sudo where the user is not root
  std::vector<std::string> answer;  // parts of messages: prompts that are no disk's, and are answered, too
};

}  // namespace remote
