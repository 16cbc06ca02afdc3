// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "detect/host_source.hpp"
#include "openssh/authorized_keys.hpp"

namespace detect {

/// A key that could be let in to the initramfs.
struct CandidateKey {
  std::string line;  // as it stands in its file, options included; of an agent without options
  openssh::PublicKey key;
  std::string origin;  // "/root/.ssh/authorized_keys:3", "agent"
  std::string user;    // whose it is; "": the agent's
  std::vector<openssh::KeyOption> options;
  std::string why_not;  // why it lets nobody unlock by itself: expired, command="echo ...", from= without this
                        // session's address; "": it does
};

struct Keys {
  std::string user;                      // who is connected: $SUDO_USER, else root
  std::vector<CandidateKey> candidates;  // root's, the user's, the agent's; each key once, usable ones first
  std::string effective;  // the file that the module takes today (dracut-sshd(7), AUTHORIZED KEYS); "": none
  std::vector<openssh::AuthorizedLine> effective_lines;
  std::vector<std::string> host_keys;  // /etc/ssh/dracut_ssh_host_*_key that are there; a sealed one keeps them out
  std::vector<std::string> faults;
};

[[nodiscard]] Keys read_keys(const Source& source);

}  // namespace detect
