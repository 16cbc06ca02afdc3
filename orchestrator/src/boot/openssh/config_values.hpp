// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/version.hpp"

/// Values that sshd does not start with (servconf.c), beyond the shapes that the table of keywords has. Each of them
/// was shown to the sshd of Debian 12 (9.2), 13 (10.0) and 14 (10.6). For sshd_config.cpp.
namespace openssh {

/// What every version refuses. `name` is the keyword's own, in lower case; empty: nothing.
[[nodiscard]] std::string value_fault(std::string_view name, const std::vector<std::string>& arguments);

struct AlgorithmFault {
  std::string message;
  std::string name;    // of what a newer sshd than this program knows may have; empty: none does
  bool later = false;  // a later version brought it: a patched one may have it
};

/// A name in Ciphers, MACs, KexAlgorithms or a list of key types that an sshd of this version does not know.
[[nodiscard]] std::vector<AlgorithmFault> algorithm_faults(std::string_view keyword, std::string_view value,
                                                           const Version& version);

}  // namespace openssh
