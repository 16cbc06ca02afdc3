// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "remote/ssh.hpp"

/// What ssh will do, asked of ssh itself (ssh -G) before anything is connected to. What it says then is its own: no
/// peer has a part in it.
namespace remote {

/// ssh cannot work as it must: its configuration has a fault, or fixes what must not be. The text is printable.
class LocalFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Lower-case keyword -> its value, as `ssh -G` prints it; of repeated ones the first.
using Settings = std::map<std::string, std::string>;

class SshQuestions {
 public:
  /// `scratch` is a folder for answers.
  SshQuestions(std::filesystem::path scratch, const base::Context& context);

  /// Those of newer_options() that this client does not know.
  [[nodiscard]] std::set<std::string> lacking() const;
  /// What the user's configuration says of the host, without what ssh_command() adds. LocalFault where ssh cannot read
  /// it.
  [[nodiscard]] Settings of_user(const Target& target, System system) const;
  /// The user that ssh takes if no configuration names one: whoever runs it. It is ssh that looks the name up, because
  /// accounts may come from a name service module (LDAP, sssd), which a statically linked program cannot load.
  [[nodiscard]] std::string own_user() const;
  /// LocalFault if a call of ssh_command() would not do what it has to with this configuration.
  void check(const Target& target, System system) const;

 private:
  [[nodiscard]] Settings ask(const std::vector<std::string>& argv) const;
  std::filesystem::path scratch_;
  std::map<std::string, std::string> environment_;
  base::Context context_;
};

}  // namespace remote
