// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Public keys as sshd reads them: "TYPE BASE64 [COMMENT]" (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253, section
/// 6.6; RFC 5656; RFC 8709; PROTOCOL.u2f and PROTOCOL.certkeys of OpenSSH).
namespace openssh {

struct PublicKey {
  std::string type;     // "ssh-ed25519", "ssh-rsa", "ssh-ed25519-cert-v01@openssh.com"
  std::string blob;     // the bytes that base64 stood for
  std::string comment;  // as it stood there, untrusted
  unsigned bits = 0;    // as `ssh-keygen -l` counts them

  /// The same key; a comment is no part of it.
  bool operator==(const PublicKey& other) const { return type == other.type && blob == other.blob; }
};

struct ParsedKey {
  std::optional<PublicKey> key;
  std::string why;  // why there is none, as the end of a sentence about the key; never the key's bytes
};

/// One key without options before it. Sizes that sshd refuses (RSA below 1024 or above 16384 bits) are refused here,
/// too.
[[nodiscard]] ParsedKey parse_public_key(std::string_view text);

/// A key's bytes; `type` is what they are expected to begin with, and empty for any.
[[nodiscard]] ParsedKey parse_blob(std::string_view blob, std::string_view type = {});

/// Whether a word is the name of a key type, of a certificate's, too. "rsa-sha2-256" is a signature's name and no
/// key's.
[[nodiscard]] bool is_key_type(std::string_view word);
[[nodiscard]] bool is_certificate_type(std::string_view type);
[[nodiscard]] std::string plain_type(std::string_view type);  // a certificate's key; otherwise the same

/// The names under which a key of this type may sign (RFC 8332 for RSA): what PubkeyAcceptedAlgorithms and
/// HostKeyAlgorithms are matched with.
[[nodiscard]] std::vector<std::string> signature_algorithms(std::string_view type);

/// The key's bytes; a certificate's key without its certificate. Empty if they are broken.
[[nodiscard]] std::string plain_blob(const PublicKey& key);

/// "TYPE BASE64", as known_hosts and authorized_keys have it.
[[nodiscard]] std::string line_of(const PublicKey& key);

/// "SHA256:..." as `ssh-keygen -lf` prints it; a certificate has its key's.
[[nodiscard]] std::string fingerprint(const PublicKey& key);

}  // namespace openssh
