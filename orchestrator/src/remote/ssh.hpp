// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "base/process.hpp"
#include "remote/secret.hpp"

/// OpenSSH's own client, called so that it never asks, never forwards, and never takes a host key that is not known.
namespace remote {

/// Which of a machine's two systems is meant: each has its own host key.
enum class System { initramfs, real };

struct Target {
  std::string host;   // as ssh(1) takes it: a name, an address, a Host of ssh_config
  std::string alias;  // under which known_hosts has the initramfs's key
  std::string user = "root";
  std::string port;            // "": ssh's own
  std::string identity;        // a private key's file, or "": ssh's own, the agent's
  std::string known_hosts;     // a file, or "": ssh's own
  std::string config;          // an ssh_config, or "": ssh's own
  std::string control;         // the socket of a login that is shared (remote/shared_login.hpp), or ""
  bool trust_new = false;      // take a host key that nobody knows, once: accept-new
  bool same_port = false;      // the real system listens there, too
  bool only_identity = false;  // no key but `identity`, whatever the agent has
};

/// HOST's alias as `dracut-sshd inspect` names it: HOST-initramfs; of a name that ends so already, the name.
[[nodiscard]] std::string alias_of(const std::string& host);
/// And the real system's name: without that ending.
[[nodiscard]] std::string real_name_of(const std::string& host);

/// What ssh(1) is called with. `passphrase` is its standard input, from memory; nothing secret is in argv or
/// environment.
[[nodiscard]] base::Command ssh_command(const Target& target, System system, const std::string& remote_command,
                                        const Secret* passphrase,
                                        const std::map<std::string, std::string>& environment);

/// What became of a call.
enum class Reached {
  ran,          // logged in: the status is the remote command's
  no_answer,    // nobody there, or the connection was cut: may be better later
  wrong_key,    // another host key than the one that is known
  unknown_key,  // known_hosts has none for it
  refused,      // the host is the right one, and takes none of our keys
  local_fault,  // ssh itself cannot work: its configuration, a file
};

[[nodiscard]] Reached reached(const base::Outcome& outcome);

}  // namespace remote
