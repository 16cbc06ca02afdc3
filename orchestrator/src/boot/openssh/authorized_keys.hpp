// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openssh/key.hpp"
#include "openssh/key_options.hpp"

/// authorized_keys files as sshd reads them (sshd(8), AUTHORIZED_KEYS FILE FORMAT; auth2-pubkeyfile.c): sshd passes
/// over a line that it does not like without a word, so here each has its fault.
namespace openssh {

struct AuthorizedLine {
  unsigned number = 0;
  std::vector<KeyOption> options;
  std::optional<PublicKey> key;
  std::string fault;  // why sshd lets nobody in by this line; empty: it does
  std::string note;   // what is odd and does no harm

  /// The key signs others' certificates (cert-authority): it lets nobody in by itself.
  [[nodiscard]] bool is_authority() const { return has_option(options, "cert-authority"); }
  /// What runs in place of what the client asks for (command=).
  [[nodiscard]] std::optional<std::string> command() const { return option_value(options, "command"); }
  /// The addresses that it is let in from (from=); nothing: all.
  [[nodiscard]] std::optional<std::string> from() const { return option_value(options, "from"); }
};

/// What this reader takes. sshd has no limit on lines and their length (getline(3)); no key needs more.
inline constexpr std::size_t kAuthorizedLines = 20'000;
inline constexpr std::size_t kAuthorizedLineLength = 2 * 1024 * 1024;

/// The lines that are neither empty nor a comment. A private key that was put there is one line with a fault, whatever
/// number of lines it has; nothing of it is kept. `now` in seconds since the epoch. A file with more lines than
/// kAuthorizedLines ends with one whose fault says so.
[[nodiscard]] std::vector<AuthorizedLine> parse_authorized_keys(std::string_view text, std::uint64_t now);

}  // namespace openssh
