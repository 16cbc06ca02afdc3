// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openssh/effective.hpp"
#include "openssh/key.hpp"
#include "openssh/version.hpp"

/// Will sshd let root in by one of these keys, to do what root came for? What of its configuration says no.
namespace openssh {

/// What a command that sshd forces upon a login is worth to somebody who has to unlock the machine.
struct CommandUse {
  enum class Kind { useful, useless, unknown };
  Kind kind = Kind::useful;
  std::string why;  // what it does instead, as the end of a sentence about it; "" for a useful one
};
/// By the command's text, as sshd gives it to root's shell. Who has the image can answer that.
using CommandJudge = std::function<CommandUse(std::string_view command)>;

struct LoginKey {
  PublicKey key;
  bool is_authority = false;             // it signs users' certificates (cert-authority, or TrustedUserCAKeys)
  std::optional<std::string> command{};  // command= before it
  std::optional<std::string> from{};     // from= before it
};

/// How much an objection weighs.
enum class Weight {
  refuses,  // root is not let in, or can do nothing
  depends,  // on where root comes from, or on what cannot be told
  risk,     // a client that does something unusual is refused
};

struct Objection {
  std::string keyword;  // as sshd_config(5) spells it: "PermitRootLogin"; "from", "command": options of keys
  std::string origin;   // "file:line"; empty: sshd's default
  std::string why;      // what it does, as the end of a sentence about sshd
  std::string remedy;   // what to write or do instead
  Weight weight = Weight::refuses;
};

/// What is known of the image beside its configuration.
struct LoginFacts {
  std::vector<LoginKey> keys;        // of the lines that have no fault, in sshd's order; none: nothing is said of keys
  std::vector<PublicKey> host_keys;  // that HostKey names in the image; none: nothing is said of HostKeyAlgorithms
  Version version{};
  CommandJudge judge_command{};  // none: every command is useful
};

/// For one connection. Keys of which only some are refused are no objection. The system's part (accounts, shells, modes
/// of files) is not looked at here.
[[nodiscard]] std::vector<Objection> judge_connection(const Values& values, const Connection& connection,
                                                      const LoginFacts& facts);

}  // namespace openssh
