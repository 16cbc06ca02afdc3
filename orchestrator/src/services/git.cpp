// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/git.hpp"

#include "base/error.hpp"

namespace services {

void check_remote(const std::string& remote) {
  const auto scheme = remote.find("://");
  const auto at = remote.find('@');
  if (scheme != std::string::npos && at != std::string::npos && remote.find(':', scheme + 3) < at)
    throw base::Error("no password belongs into an address", base::Exit::usage)
        .with_hint("git's credential helper keeps it: gitcredentials(7)");
  check_word(remote, ":/@._-+~", "a git repository", "--project ADDRESS, or the folder of a repository");
}

Call commit(const model::Packager& packager, const std::string& message, const std::vector<std::string>& options) {
  Call call;
  call.argv = {"git", "-c", "user.name=" + packager.name, "-c", "user.email=" + packager.mail, "commit", "--quiet"};
  call.argv.insert(call.argv.end(), options.begin(), options.end());
  call.argv.insert(call.argv.end(), {"--message", message});
  call.cwd = "repository";
  return call;
}

}  // namespace services
