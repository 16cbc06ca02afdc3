// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "openssh/key.hpp"

/// Private key files (host keys): which public key they are for, and whether a passphrase is on them. Nothing of the
/// private part is kept or told; what was decoded is overwritten.
namespace openssh {

struct PrivateKey {
  std::string format;      // "OpenSSH", "PKCS#8", "RSA", "EC", "DSA", "PuTTY", "SSH 1"; empty: no private key at all
  bool encrypted = false;  // sshd cannot use it: nobody is there to type its passphrase
  std::optional<PublicKey> public_part;  // OpenSSH's own format tells it even when encrypted (PROTOCOL.key)
  std::string why;  // why sshd cannot use it, or why the public part is unknown; empty: a key that sshd can use
};

/// Reads "BEGIN OPENSSH PRIVATE KEY" (PROTOCOL.key) here, and PEM of RSA, EC and PKCS#8 (RFC 7468) through OpenSSL.
/// The caller's text is not overwritten: that is for its owner to do.
[[nodiscard]] PrivateKey read_private(std::string_view text);

}  // namespace openssh
