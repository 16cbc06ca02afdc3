// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
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
  std::uint64_t now = 0;               // when it was read, seconds since the epoch: what had expired by then is out
  std::vector<std::string> faults;
};

/// Seconds since the epoch, as expiry-time= is compared with.
[[nodiscard]] std::uint64_t seconds_now();

/// Why a key lets nobody unlock who is connected from this address ("": not known), as CandidateKey::why_not.
[[nodiscard]] std::string why_it_cannot_unlock(const openssh::AuthorizedLine& line, const std::string& client);

[[nodiscard]] Keys read_keys(const Source& source);

}  // namespace detect
