// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace setup {

/// What the desk needs to know of the initramfs.
struct ClientFacts {
  std::vector<std::string> names;         // of the machine, the best one first; checked: letters, digits, "-._"
  std::vector<std::string> addresses;     // at which the initramfs answers, the session's own first
  std::string port = "22";                // of the initramfs's sshd
  std::vector<std::string> host_keys;     // "ssh-ed25519 AAAA...", without comment
  std::vector<std::string> fingerprints;  // of these, "SHA256:..."
  bool own_keys = true;                   // the initramfs has host keys of its own; false: the system's
};

struct ClientLines {
  std::vector<std::string> known_hosts;  // sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: for NAME-initramfs
  std::string ssh_config;                // a stanza of ssh_config(5) for Host NAME-initramfs, ends with a newline
  std::vector<std::string> sshfp;        // RFC 4255, 6594, 7479: resource records for NAME-initramfs
  std::string unlock;                    // the command that unlocks it
};

[[nodiscard]] ClientLines client_lines(const ClientFacts& facts);

}  // namespace setup
