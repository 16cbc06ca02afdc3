// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"
#include "desk/host_login.hpp"
#include "desk/host_result.hpp"
#include "desk/write_client.hpp"
#include "setup/client_lines.hpp"

namespace desk {

struct Request {
  Login login;
  std::vector<std::string> options;  // of setup, that the host's gets as they are; without the four below
  bool yes = false;
  bool dry_run = false;
  bool remove = false;
  bool json = false;
  std::filesystem::path program;  // to carry along; "": this one
  bool write_config = false;      // add the Include line to the user's ssh_config
};

struct Done {
  int status = 0;                    // of setup on the host
  std::optional<HostResult> result;  // nothing: setup said none (--dry-run, --remove, or it was broken off)
  setup::ClientFacts facts;          // as this desk reaches the initramfs
  setup::ClientLines lines;          // of these
  ClientReport client;
  std::optional<base::Error> client_fault;  // why the desk's files are not as they should be
};

/// Bytes that setup on the host has printed for people: as the host chose them, to be escaped.
using ShowText = std::function<void(std::string_view)>;

/// Logs in, runs setup on the host, and writes this user's known_hosts and ssh_config lines. A plan's text goes to
/// `show`, what setup says meanwhile to the console; a session with a terminal is the host's and the terminal's alone.
/// base::Error if it cannot be done, base::Interrupted when asked to stop; the host keeps nothing of what was carried
/// there either way.
[[nodiscard]] Done run_setup(const Request& request, const base::Context& context, const ShowText& show);

/// What is known of the initramfs, as this desk reaches it. The names are those that the user typed and that their
/// ssh_config has for it; the host has no say in them. `server_port` is that of the host's sshd in this session, as
/// the host sees it: behind a forwarded port it is another one than ssh connects to. For unit tests.
[[nodiscard]] setup::ClientFacts facts_for_desk(const HostResult& result, const Login& login,
                                                const ClientSettings& settings, const std::string& server_port);

/// `dracut-sshd unlock ...`, as it reaches both systems with the options that the login was given. For unit tests.
[[nodiscard]] std::string unlock_command(const Login& login, const setup::ClientFacts& facts);

}  // namespace desk
