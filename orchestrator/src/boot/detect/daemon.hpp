// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/source.hpp"

namespace detect {

/// sshd, of the system and for the image.
struct Daemon {
  std::string program;  // "/usr/sbin/sshd"; "": not installed
  std::string
      image_port;  // SSHD_OPTS of /etc/sysconfig/dracut-sshd or /etc/default/dracut-sshd; "22" if nothing is set
  std::string options_file;        // which of the two the module reads here, "" if none is there yet
  bool own_configuration = false;  // /etc/dracut-sshd/sshd_config replaces the module's
  std::vector<std::string>
      irrelevant;  // settings of the system's sshd that people may think count in the image, and do not: "Port 2222"
  std::vector<std::string> faults;
};

[[nodiscard]] Daemon read_daemon(const Source& source);

}  // namespace detect
