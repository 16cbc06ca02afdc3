// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"

namespace detect {

struct System {
  std::string id;  // os-release(5): ID, VERSION_ID, PRETTY_NAME; "": not known
  std::string version_id;
  std::string pretty_name;
  std::vector<std::string>
      names;  // of this machine: its short name first, then the full one, and others of /etc/hosts; not localhost
  bool root = false;            // this process is root
  std::string container;        // kind of container that this runs in ("lxc", "docker", "unknown"); "": none
  bool chroot = false;          // / is not the root of process 1
  bool systemd = false;         // process 1 is systemd (sd_booted(3))
  bool ostree = false;          // booted from an ostree deployment
  bool read_only_usr = false;   // transactional updates: / is a read-only snapshot
  std::string package_manager;  // "apt", "dnf", "zypper", "pacman", "emerge", "rpm-ostree", "transactional-update"; "":
                                // none that is known
  std::vector<std::string> faults;
};

/// Names are valid ones of RFC 1123, in lower case; what is none is left out.
[[nodiscard]] System read_system(const Source& source);

}  // namespace detect
