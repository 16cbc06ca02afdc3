// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "openssh/connection.hpp"

/// An image's sshd below bubblewrap: a network of its own with nothing but a loopback, the extracted image read-only
/// but for its /etc, which is a copy, too; limits on time, memory and what it writes; none of root's capabilities but
/// those that a login needs.
namespace trial {

struct Attempt {
  openssh::Connection connection;
  std::string key;  // the file's name in the folder of keys
};

struct Sandboxed {
  std::filesystem::path tree;  // the extracted image
  std::filesystem::path keys;
  std::vector<std::string> sshd;  // the program, as a path in the image, and its arguments
  bool fixes_accounts = false;    // this module's program runs first, as it does at boot
  std::vector<Attempt> attempts;
};

/// What is needed to run it. It prints "up" or "down", "login N ran", "login N in" or "login N refused" for each
/// attempt, and "said TEXT" for the last words of sshd. Pure: it only looks at which folders the host has.
[[nodiscard]] base::Command sandboxed(const Sandboxed& sshd, const std::string& path);

}  // namespace trial
