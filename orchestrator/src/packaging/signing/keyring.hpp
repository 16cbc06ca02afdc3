// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Keys that packages and repositories are signed with, as GnuPG tells of them.
namespace signing {

/// A primary key or a subkey. Source of all fields: GnuPG's doc/DETAILS, "Description of the fields".
struct Part {
  std::string fingerprint;   // 40 (v4) or 64 (v5) upper-case hexadecimal digits
  std::string algorithm;     // "rsa4096", "ed25519", "nistp256", "dsa3072"
  std::int64_t created = 0;  // seconds since the epoch
  std::int64_t expires = 0;  // the same; 0: never
  bool can_sign = false;
  bool can_certify = false;
  bool revoked = false;
  bool has_secret = false;  // here or on a card; false for a stub, whose secret is elsewhere
};

struct Key {
  Part primary;
  std::vector<Part> subkeys;
  std::vector<std::string> users;  // "Name <mail>", those that are not revoked; the first is the primary one
  bool disabled = false;
  bool trusted = false;  // "ultimately": one of the user's own, as GnuPG sets it for keys that were made there
};

/// Reads what `gpg --with-colons --fixed-list-mode --with-secret --list-keys` or `--list-secret-keys` prints. Lines
/// that are not understood are passed over, as DETAILS asks; what cannot be a key (no fingerprint) is left out.
[[nodiscard]] std::vector<Key> read_keys(std::string_view listing);

/// Why this key cannot sign at the time `now` (seconds since the epoch), and what to do; nothing when it can.
struct Obstacle {
  std::string why, remedy;
};
[[nodiscard]] std::optional<Obstacle> obstacle(const Key& key, std::int64_t now);

/// The first moment at which the key, or the part of it that signs, no longer does; 0: never. Only of a key without an
/// obstacle, or of a public one, of which every part is taken to sign that may.
[[nodiscard]] std::int64_t good_until(const Key& key, std::int64_t now);

/// How long before its end a key is warned of: whoever has the repository needs the longer-lived one in time.
inline constexpr std::int64_t kExpiryWarning = 90LL * 86400;
/// "the key FINGERPRINT expires on DATE, in N days", from kExpiryWarning before; "" when there is time.
[[nodiscard]] std::string expiry_warning(const Key& key, std::int64_t now);

/// The part that signs: GnuPG takes the newest subkey that may, else the primary key. Only of a key without an
/// obstacle.
[[nodiscard]] const Part& signer(const Key& key, std::int64_t now);

/// Is this the fingerprint of a key, and no shorter name, which others can bear too? 40 or 64 hexadecimal digits.
[[nodiscard]] bool is_fingerprint(std::string_view text);

}  // namespace signing
