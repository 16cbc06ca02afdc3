// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

/// Which OpenSSH it is. Needed because an older sshd ends at a keyword that it does not know.
namespace openssh {

/// 9.2p1 is {9, 2, 1}. The order is that of the releases; a distribution's own revision is no part of it.
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;  // the "p" number of the portable release; 0 if there is none
  auto operator<=>(const Version&) const = default;
};

/// Of "OpenSSH_10.0p2 Debian-7", as `sshd -V` and the protocol's banner have it (version.h); nothing if it does not
/// begin like this.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// The first such text in a program's bytes. "OpenSSH_" alone, as in patterns ("OpenSSH_2*"), is none.
[[nodiscard]] std::optional<Version> version_in(std::string_view bytes);

/// Whether this program has not seen such a version: it may know keywords, algorithms and types of keys that are not in
/// its tables. Between 10.0 and 10.6 there were some that were given up again.
[[nodiscard]] bool is_unseen(const Version& version);

/// The whole string of a program's bytes that begins with that text: "OpenSSH_10.0p2 Debian-7", or "".
[[nodiscard]] std::string release_in(std::string_view bytes);

[[nodiscard]] std::string to_string(const Version& version);  // "9.2p1"; "9.2" without a patch

}  // namespace openssh
