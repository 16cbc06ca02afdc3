// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace openssh {

/// One condition of a Match line (sshd_config(5)).
struct Criterion {
  std::string name;      // lower case: "user"
  std::string argument;  // patterns; empty for "all" and "invalid-user"
};

}  // namespace openssh
