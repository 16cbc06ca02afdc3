// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/effective.hpp"
#include "openssh/version.hpp"

/// Which files a configuration names (sshd_config(5), TOKENS).
namespace openssh {

/// Where sshd looks for root's keys: AuthorizedKeysFile with %h, %u, %U and %% put in, relative ones below the home.
/// The default if nothing is said, empty for "none".
[[nodiscard]] std::vector<std::string> authorized_keys_files(const Values& values, const std::string& home = "/root");
/// The same for a keyword with one such path, AuthorizedPrincipalsFile; "" for none.
[[nodiscard]] std::string expanded_path(std::string_view pattern, const std::string& home = "/root");

/// The files that HostKey names; the default's three if nothing is said ("none" is left out).
[[nodiscard]] std::vector<std::string> host_key_files(const Values& values, const Version& version);

}  // namespace openssh
