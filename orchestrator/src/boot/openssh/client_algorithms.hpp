// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/effective.hpp"

/// What ssh offers by itself, of OpenSSH 8.0 to 10.x together (myproposal.h): a server that has nothing of it is
/// reached by nobody who has not changed their ssh_config.
namespace openssh {

struct NoClient {
  std::string keyword;  // "Ciphers", "KexAlgorithms", "MACs"
  std::string why;      // as the end of a sentence about sshd
  bool certain = true;  // false: some clients connect
};

[[nodiscard]] std::vector<NoClient> why_no_client_connects(const Values& values);

/// Signature algorithms of host keys: "ssh-rsa" and "ssh-dss" no longer are.
[[nodiscard]] bool is_offered_by_clients(std::string_view signature);

}  // namespace openssh
