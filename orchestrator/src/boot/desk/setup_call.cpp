// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/setup_call.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace desk {
namespace {

/// sudo keeps neither variable: setup looks there for the network of this session and for the agent's keys.
constexpr const char* kEnvironment =
    R"(env "SSH_CONNECTION=$SSH_CONNECTION" ${SSH_AUTH_SOCK:+"SSH_AUTH_SOCK=$SSH_AUTH_SOCK"} )";

std::string as_root(RootBy root, const std::string& sudo) {
  return root == RootBy::login ? "" : sudo + " -- " + kEnvironment;
}

std::string words(const SetupCall& call, const std::vector<std::string>& more) {
  std::vector<std::string> argv{call.program, "setup"};
  argv.insert(argv.end(), more.begin(), more.end());
  argv.insert(argv.end(), call.options.begin(), call.options.end());
  return base::shell_quote(argv);
}

std::vector<std::string> mode_of(const SetupCall& call) {
  std::vector<std::string> out;
  if (call.yes) out.emplace_back("--yes");
  if (call.dry_run) out.emplace_back("--dry-run");
  if (call.remove) out.emplace_back("--remove");
  return out;
}

constexpr const char* kPath = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\nexport PATH\n";

}  // namespace

std::string piped_script(const SetupCall& call, bool json) {
  auto mode = mode_of(call);
  if (json) mode.emplace_back("--json");
  // The rest of the script's own input is not the program's.
  return fmt::format("{}exec {}{} </dev/null\n", kPath, as_root(call.root, "sudo -n"), words(call, mode));
}

std::string terminal_script(const SetupCall& call, const std::string& result) {
  // As root in one go: sudo would ask again for a second command without a terminal.
  const auto both =
      fmt::format("{}\nstatus=$?\n{} >{} 2>/dev/null </dev/null\nexit $status", words(call, mode_of(call)),
                  words(call, {"--json", "--dry-run"}), base::shell_quote(result));
  return fmt::format("{}exec {}/bin/sh -c {}\n", kPath, as_root(call.root, "sudo"), base::shell_quote(both));
}

}  // namespace desk
