// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "openssh/effective.hpp"
#include "openssh/key.hpp"
#include "openssh/version.hpp"

/// Will sshd let root in by one of these keys? What of its configuration says no.
namespace openssh {

struct LoginKey {
  PublicKey key;
  bool has_command = false;   // command= stands before it (AuthorizedLine::has_command)
  bool is_authority = false;  // it signs users' certificates (AuthorizedLine::is_authority, or TrustedUserCAKeys)
};

struct Objection {
  std::string keyword;  // as sshd_config(5) spells it: "PermitRootLogin"
  std::string origin;   // "file:line"; empty: sshd's default
  std::string why;      // what it does, as the end of a sentence about sshd
  std::string remedy;   // what to write or do instead
  bool certain = true;  // false: it depends on where root comes from, or on what this program cannot see
};

/// `keys`: of the lines of authorized_keys that have no fault; none: what is about keys is left out. `host_keys`: what
/// HostKey names in the image; none: HostKeyAlgorithms is left out. Keys of which only some are refused are no
/// objection. What an undecided Match block brings or lifts is not certain. The system's part (accounts, shells, modes
/// of files) is not looked at here.
[[nodiscard]] std::vector<Objection> judge_root_login(const Effective& effective, const std::vector<LoginKey>& keys,
                                                      const std::vector<PublicKey>& host_keys, const Version& version);

/// Where sshd looks for root's keys: AuthorizedKeysFile with %h, %u, %U and %% put in, relative ones below the home.
/// The default if nothing is said, empty for "none".
[[nodiscard]] std::vector<std::string> authorized_keys_files(const Values& values, const std::string& home = "/root");

/// The files that HostKey names; the default's three if nothing is said ("none" is left out).
[[nodiscard]] std::vector<std::string> host_key_files(const Values& values, const Version& version);

}  // namespace openssh
