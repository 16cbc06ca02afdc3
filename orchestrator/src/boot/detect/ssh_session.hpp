// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

/// The ssh session that this process runs in, as sshd(8) says in SSH_CONNECTION.
struct Session {
  std::string client;  // addresses in their shortest form; "": not known
  std::string server;
  std::string zone;  // the interface that stands behind a link-local address of the client; "": none
  std::string port;  // this machine's
};

/// From the environment, else from that of the processes above this one: sudo(8) and su(1) take the variable out.
[[nodiscard]] Session session_of(const Source& source, std::vector<std::string>& faults);

}  // namespace detect
