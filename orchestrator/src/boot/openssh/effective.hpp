// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "openssh/connection.hpp"
#include "openssh/sshd_config.hpp"

/// What a configuration says for one connection, as `sshd -T -C user=root,addr=...` does.
namespace openssh {

struct Value {
  std::vector<std::string> arguments;
  std::string rest;    // the line behind the keyword as it stands; for ForceCommand and the like
  std::string origin;  // "file:line"
};

/// Keyword in lower case, aliases resolved -> its lines: one, or all that are in force for those that accumulate (Port,
/// ListenAddress, HostKey, HostCertificate, AcceptEnv, AllowUsers, DenyUsers, AllowGroups, DenyGroups, Subsystem,
/// PerSourcePenalties). What no line says is not in it: sshd's default holds.
using Values = std::map<std::string, std::vector<Value>, std::less<>>;

struct Effective {
  Connection connection;
  Values values;
};

/// The lines outside of Match blocks, the first of a keyword being in force; then the blocks that match, which take the
/// place of those, again the first of them; in a block, AllowUsers and the like replace the ones from outside and add
/// to those of other blocks. "Match all" is read in both rounds.
[[nodiscard]] Effective effective(const Config& config, const Connection& connection = {});

/// The first line of a keyword; nullptr if there is none.
[[nodiscard]] const Value* find_value(const Values& values, std::string_view keyword);
/// Its first argument; `fallback` if there is none.
[[nodiscard]] std::string argument_of(const Values& values, std::string_view keyword, std::string_view fallback);
/// All arguments of all of its lines.
[[nodiscard]] std::vector<std::string> all_arguments(const Values& values, std::string_view keyword);

}  // namespace openssh
