// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace desk {

/// How the user becomes root on the host.
enum class RootBy {
  login,  // is root
  sudo,   // sudo(8) asks for nothing
  asks,   // sudo asks for a password, at a terminal
  none,   // there is no sudo
};

/// What a host says of itself.
struct HostProbe {
  std::string machine;      // `uname -m`: "x86_64"
  std::string server_port;  // of its sshd, in this session ($SSH_CONNECTION); "": not known
  std::string program;      // the path of its dracut-sshd; "": none
  std::string version;      // of that; "": not told
  RootBy root = RootBy::none;
};

/// A script of sh(1) that prints it. It changes nothing.
[[nodiscard]] const std::string& probe_script();
inline constexpr std::size_t kLongestProbe = 256U << 10U;  // bytes: login shells print more than they should

/// Lines that are not the script's are skipped. base::Error where a value is missing, or is nothing that such a value
/// can be.
[[nodiscard]] HostProbe parse_probe(std::string_view text);

/// Whether `found` is `wanted` or newer, of versions such as "1.2.0"; false if `found` is no version.
[[nodiscard]] bool is_as_new(std::string_view found, std::string_view wanted);

}  // namespace desk
