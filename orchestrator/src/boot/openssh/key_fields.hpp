// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "openssh/wire.hpp"

/// What each type of key consists of. For this room's own files.
namespace openssh {

enum class Family { rsa, dsa, ecdsa, ed25519, mldsa44_ed25519 };

struct KeyType {
  std::string_view name;
  std::string_view plain;  // the type of the key that a certificate is about; otherwise the name
  Family family;
  std::string_view curve;     // as the key names it (RFC 5656, section 10.1); empty: none
  bool security_key = false;  // a FIDO token's: an application follows (PROTOCOL.u2f)
  bool certificate = false;   // a nonce comes before the fields, the rest behind them (PROTOCOL.certkeys)
};

[[nodiscard]] const KeyType* find_type(std::string_view name);  // nullptr: no type of a key

/// Reads the key's own fields and says what is wrong with them; empty, and `bits` set, if nothing is.
[[nodiscard]] std::string read_fields(Reader& reader, const KeyType& type, unsigned& bits);

}  // namespace openssh
