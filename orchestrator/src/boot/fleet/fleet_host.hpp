// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Several machines: which they are, and what becomes of each.
namespace fleet {

/// What the inventory says of one machine (dracut-sshd-hosts(5)). ssh_config(5) stays the truth for ssh: an empty field
/// leaves to ssh what it would do anyway. Every text is well-formed UTF-8 without control characters (commands may have
/// tabs and newlines), and no name begins with "-".
struct Host {
  std::string name;                    // as ssh(1) takes it: a Host of ssh_config, a name, an address
  std::vector<std::string> addresses;  // values of HostName, to be tried in this order; empty: ssh's own. One "%" is
                                       // one "%": ssh wants it doubled
  std::string port;                    // of the initramfs's sshd, 1 to 65535, or ""
  std::string alias;                   // under which known_hosts has the initramfs's key, or ""
  std::string jump;                    // ProxyJump, or ""
  std::string user;                    // in the initramfs; "": root
  std::string real_user;               // of the real system; "": ssh's own
  std::string identity;                // a private key's file, or ""; absolute, or "none"
  std::string known_hosts;             // a file, or ""; absolute
  std::string ssh_config;              // a file, or ""; absolute, or "none"
  bool same_port = false;              // the real system listens on `port`, too
  bool accept_unsealed = false;        // the initramfs may prove its unsealed host key instead
  std::string passphrase_command;      // its first line is the passphrase; never set beside `credential`
  std::string credential;              // a systemd credential's name: $CREDENTIALS_DIRECTORY/NAME (systemd.exec(5))
  std::vector<std::string> answer;     // parts of the messages of prompts that are no disk's (ZFS, bcachefs) and may be
                                       // answered
  std::optional<std::chrono::seconds> deadline;  // 1 second to a week
  std::string wait_for;                          // a command of the real system that has to succeed, or ""
  std::string reboot;                            // the command that reboots the real system; "": the default
  bool watch = true;                             // `dracut-sshd watch` looks after it
  std::set<std::string> groups;

  bool operator==(const Host&) const = default;
};

}  // namespace fleet
