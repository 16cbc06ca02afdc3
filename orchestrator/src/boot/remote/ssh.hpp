// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "remote/secret.hpp"

/// OpenSSH's own client, called so that it never asks, never forwards, and never takes a host key that is not known.
namespace remote {

/// Which of a machine's two systems is meant: each has its own host key.
enum class System { initramfs, real };

struct Target {
  std::string host;   // as ssh(1) takes it, without a user: a name, an address, a Host of ssh_config
  std::string alias;  // under which known_hosts has the initramfs's key
  std::string user = "root";
  std::string real_user;               // of the real system; "": `user`
  std::string port;                    // "": ssh's own
  std::vector<std::string> addresses;  // ssh connects to the first, in the place of its HostName; none: ssh's own
  std::string jump;                    // as ssh's ProxyJump, or "": ssh's own
  std::string real_alias;              // under which known_hosts has the real system's key; "": ssh's own
  std::string identity;                // a private key's file, or "": ssh's own, the agent's
  std::string known_hosts;             // a file, or "": ssh's own
  std::string config;                  // an ssh_config, or "": ssh's own
  std::string control;                 // the socket of a login that is shared (remote/shared_login.hpp), or ""
  bool trust_new = false;              // take a host key that nobody knows, once: accept-new
  /// The initramfs may have proven its unsealed host key instead: openssh::unsealed_alias(alias).
  bool accept_unsealed = false;
  bool same_port = false;      // the real system listens there, too
  bool only_identity = false;  // no key but `identity`, whatever the agent has
  /// Options that this client does not know (remote/ssh_settings.hpp) and that are not passed to it. Nothing: nobody
  /// has asked it, and IgnoreUnknown covers them, which then hides the IgnoreUnknown of the user's configuration.
  std::optional<std::set<std::string>> lacks;
};

/// What the client itself tells about a call, in ways that no peer's text can reach.
struct Watch {
  std::string offered;  // a file: the client appends a line for each host key that it is shown (host_proof.hpp), or ""
  std::string agent;    // a socket: the client connects to it once the host has proven its key, or ""
};

/// Options of ssh_config(5) that are younger than the oldest client that is supported, or that only some builds have.
[[nodiscard]] const std::vector<std::string>& newer_options();

/// What ssh(1) is called with. `passphrase` is its standard input, from memory; nothing secret is in argv or
/// environment.
[[nodiscard]] base::Command ssh_command(const Target& target, System system, const std::string& remote_command,
                                        const Secret* passphrase, const std::map<std::string, std::string>& environment,
                                        const Watch& watch = {});

/// The caller's environment as far as ssh needs it, with the C locale.
[[nodiscard]] std::map<std::string, std::string> ssh_environment(const std::map<std::string, std::string>& environment);

/// ssh(1), EXIT STATUS: ssh itself failed, before or after the login. Any other status is the remote command's, which
/// ran on a host that has proven its key.
inline constexpr int kSshFailed = 255;

/// What became of a call, by the words that ssh printed.
enum class Reached {
  ran,          // logged in: the status is the remote command's
  no_answer,    // nobody there, or the connection was cut: may be better later
  wrong_key,    // another host key than the one that is known
  unknown_key,  // known_hosts has none for it
  refused,      // the host is the right one, and takes none of our keys
  local_fault,  // ssh itself cannot work: its configuration, a file
};

/// Only for a peer of the caller's own, such as a rehearsal's guest: all but `ran` are read from words that a peer can
/// choose before it has shown any key.
[[nodiscard]] Reached reached(const base::Outcome& outcome);

}  // namespace remote
