// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace openssh {

/// Who logs in, from where, and to which of the machine's addresses: what Match, AllowUsers and from= ask for.
struct Connection {
  std::string user = "root";
  std::vector<std::string> groups{"root"};  // all that /etc/passwd and /etc/group have for it
  std::string address = "198.51.100.77";    // the client's
  std::string host;                         // the client's name; "": its address, which is what UseDNS no gives
  std::string local_address = "198.51.100.2";
  int local_port = 22;
  std::string release = "OpenSSH_10.0";  // what Match Version is compared with

  [[nodiscard]] const std::string& name() const { return host.empty() ? address : host; }
};

}  // namespace openssh
