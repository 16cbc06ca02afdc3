// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"

/// `dracut-sshd setup HOST`: from the desk, over one ssh connection. Everything that the host says is untrusted.
namespace desk {

/// How ssh is to reach the host's running system. Everything else is as the user's ssh_config has it.
struct Login {
  std::string host;      // as ssh takes it, without the user; checked by parse_login()
  std::string user;      // "": ssh's own
  std::string port;      // "": ssh's own
  std::string identity;  // a private key's file; "": ssh's own, the agent's
  std::string config;    // an ssh_config; "": ssh's own
};

/// "[USER@]HOST". base::Error (Exit::usage) for what ssh would read as something else, and for an initramfs's name.
[[nodiscard]] Login parse_login(const std::string& typed);

/// ssh's options that select the login: -F, -i, -p, -l.
[[nodiscard]] std::vector<std::string> login_options(const Login& login);

/// What ssh will do, by its own word (ssh -G), before anything is connected to.
struct ClientSettings {
  std::string host_name;                 // to which it connects: a name or an address
  std::string port;                      // at which it reaches the running system
  std::vector<std::string> known_hosts;  // UserKnownHostsFile, GlobalKnownHostsFile, as ssh -G prints them
  /// What the user's configuration sets for this host and a Host of another name needs as well: lines of ssh_config(5),
  /// "ProxyJump gate", "IdentityFile ~/.ssh/work".
  std::vector<std::string> options;
  std::string host_key_alias;  // "": none
};

/// `scratch` is a folder for answers; `lacks` are options that this client does not know (remote/ssh_settings.hpp).
/// base::Error with ssh's words where its configuration has a fault.
[[nodiscard]] ClientSettings client_settings(const Login& login, const std::set<std::string>& lacks,
                                             const std::filesystem::path& scratch, const base::Context& context);

/// For unit tests: what two answers of ssh -G come to, the host's and that of a client without any configuration.
[[nodiscard]] ClientSettings settings_from(const std::string& of_host, const std::string& defaults);

}  // namespace desk
