// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openssh/key.hpp"

/// RevokedKeys of sshd_config(5): a text with a public key a line, or a key revocation list (PROTOCOL.krl of OpenSSH).
namespace openssh {

class RevokedKeys {
 public:
  explicit RevokedKeys(std::string_view file);

  /// sshd cannot read the file to its end, and takes no key at all then.
  [[nodiscard]] bool is_broken() const { return broken_; }
  /// It holds hashes of SHA-1 or signatures, which are not looked at here.
  [[nodiscard]] bool is_partly_read() const { return partly_; }
  [[nodiscard]] bool revokes(const PublicKey& key) const;

 private:
  void read_text(std::string_view text);
  bool read_list(std::string_view list);
  bool read_section(char type, std::string_view data);

  std::vector<std::string> blobs_;   // of keys
  std::vector<std::string> hashes_;  // SHA-256, raw
  bool broken_ = false;
  bool partly_ = false;
};

}  // namespace openssh
