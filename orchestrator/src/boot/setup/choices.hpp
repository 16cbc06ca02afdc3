// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace setup {

/// What the admin decided: by options, by answers, or the detected defaults.
struct Choices {
  std::vector<std::string> keys;  // lines of authorized_keys(5) format to let in; empty: the detected ones
  bool unlock_only = false;       // these keys may do nothing but unlock
  bool own_host_key = true;
  std::string port;  // "": as it is
  bool write_network = true;
  bool install_packages = true;
  bool replace_generator = false;  // installing may remove another initramfs generator
  bool rehearse = true;
};

}  // namespace setup
