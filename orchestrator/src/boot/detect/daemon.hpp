// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

/// sshd, of the system and for the image.
struct Daemon {
  std::string program;  // "/usr/sbin/sshd"; "": not installed
  std::string
      image_port;         // SSHD_OPTS of /etc/sysconfig/dracut-sshd or /etc/default/dracut-sshd; "22" if nothing is set
  std::string port_from;  // the file that sets it; "": nothing does
  std::string options_file;           // which of the two the module reads here, "" if none is there yet
  bool own_configuration = false;     // /etc/dracut-sshd/sshd_config replaces the module's
  std::vector<std::string> drop_ins;  // /etc/dracut-sshd/sshd_config.d/*.conf, which add to either
  std::vector<std::string>
      irrelevant;  // settings of the system's sshd that people may think count in the image, and do not: "Port 2222"
  std::vector<std::string> faults;
};

/// sshd(8) takes its ports from -p, else from Port and ListenAddress of its configuration; the module's unit gives it
/// $OPTIONS, $CRYPTO_POLICY and $SSHD_OPTS of the files that module/46sshd/sshd.service names.
[[nodiscard]] Daemon read_daemon(const Source& source);

}  // namespace detect
