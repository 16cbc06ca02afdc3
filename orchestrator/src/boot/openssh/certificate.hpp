// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openssh/key.hpp"

/// OpenSSH certificates (PROTOCOL.certkeys): what a *-cert.pub file says. The signature is not verified.
namespace openssh {

struct Certificate {
  PublicKey key;      // the key that is certified, as a plain one
  bool host = false;  // a host's; otherwise a user's
  std::uint64_t serial = 0;
  std::string key_id;                         // as its maker wrote it, untrusted
  std::vector<std::string> principals;        // none: sshd accepts it for no user, and for every host
  std::uint64_t valid_after = 0;              // seconds since the epoch
  std::uint64_t valid_before = 0;             // the first second at which it is no longer valid; all bits set: forever
  PublicKey authority;                        // who signed it
  std::vector<std::string> critical_options;  // names: "force-command", "source-address", "verify-required"
};

struct ParsedCertificate {
  std::optional<Certificate> certificate;
  std::string why;  // why there is none
};

/// A line "TYPE-cert-v01@openssh.com BASE64 [COMMENT]".
[[nodiscard]] ParsedCertificate parse_certificate(std::string_view text);

/// Whether it is valid at `now`, in seconds since the epoch; otherwise what is wrong ("expired on 2026-11-24").
[[nodiscard]] std::string why_not_valid(const Certificate& certificate, std::uint64_t now);

}  // namespace openssh
