// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace setup {

/// What the admin decided: by options, by answers, or the detected defaults.
struct Choices {
  std::vector<std::string> keys;   // lines as authorized_keys(5) has them, to let in instead of the detected ones
  bool unlock_only = false;        // the keys that setup writes may do nothing but unlock
  bool own_host_key = true;        // the initramfs gets a host key of its own
  std::string port;                // of its sshd; "": as it is
  bool network = true;             // write the session's network where the module's default would not do
  bool install = true;             // missing packages
  bool replace_generator = false;  // installing them may remove another initramfs generator
};

}  // namespace setup
