// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "desk/host_login.hpp"
#include "setup/client_lines.hpp"

namespace desk {

/// What became of the desk's own files.
struct ClientReport {
  std::string known_hosts_file;
  std::vector<std::string> appended;  // lines of it
  std::vector<std::string> removed;   // lines of it, by forget_client()
  std::string stanza_file;            // "": none
  bool stanza_changed = false;
  std::string include_line;  // that the user's ssh_config lacks; "": it has it
  std::string config_file;   // the user's ssh_config
  bool config_changed = false;
  std::vector<std::string> notes;
};

struct ClientRequest {
  const Login& login;
  const ClientSettings& settings;
  const std::set<std::string>& lacks;
  const setup::ClientFacts& facts;
  const setup::ClientLines& lines;
  bool write_config = false;  // the Include line
};

/// Appends to the first UserKnownHostsFile, and keeps the stanza in dracut-sshd.conf beside the user's ssh_config.
/// base::Error where known_hosts has another key for the host's initramfs: nothing is written then. `scratch` is a
/// folder for answers.
[[nodiscard]] ClientReport write_client(const ClientRequest& request, const std::filesystem::path& scratch,
                                        const base::Context& context);

/// Takes out again what write_client() wrote: its lines of known_hosts, and the stanza. Where another line still has a
/// key for the initramfs, the report says in which file, and how to remove it.
[[nodiscard]] ClientReport forget_client(const Login& login, const ClientSettings& settings,
                                         const setup::ClientFacts& facts, const std::filesystem::path& scratch,
                                         const base::Context& context);

}  // namespace desk
