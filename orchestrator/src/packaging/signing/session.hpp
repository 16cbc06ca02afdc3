// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/files.hpp"
#include "signing/gnupg.hpp"

namespace signing {

/// One key, ready to sign, for the length of its object's life: a private GnuPG home that holds the public key, and a
/// way to the user's own agent, where the secret stays (or to the card behind it). Neither the user's gpg.conf nor
/// their other keys are seen by the tools that sign (rpmsign, debsign, git).
///
/// Signatures bear the time of the source, not of the clock, so that the same packages give the same bytes; but never a
/// time before the key was made, which rpm's and Sequoia's readers refuse, and none after `now`, which apt does.
///
/// `also` is a second key, which signs what may bear two signatures; nothing, or one that cannot sign at that time, is
/// none.
class Session {
 public:
  Session(const Gnupg& user, const Key& key, const std::optional<Key>& also, std::int64_t epoch, std::int64_t now,
          const base::Context& context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Key& key() const { return key_; }
  [[nodiscard]] const std::string& fingerprint() const { return key_.primary.fingerprint; }
  [[nodiscard]] const std::string& public_key() const { return public_key_; }  // ASCII armoured
  [[nodiscard]] std::int64_t time() const { return time_; }                    // of each signature
  /// The whole environment of a child that signs.
  [[nodiscard]] const std::map<std::string, std::string>& environment() const { return environment_; }

  /// A detached signature of `content` by the one key, ASCII armoured or in binary.
  [[nodiscard]] std::string detached(const std::string& content, bool armoured) const;
  /// The same, ASCII armoured, with the second key's beside it: for readers that ask for one good signature.
  [[nodiscard]] std::string detached_by_all(const std::string& content) const;
  /// `content` with these signatures around it (RFC 4880, section 7).
  [[nodiscard]] std::string clear_signed_by_all(const std::string& content) const;

 private:
  void import(const std::string& public_key) const;
  [[nodiscard]] std::string sign(const std::vector<std::string>& how, const std::string& content) const;

  Key key_;
  std::string public_key_;
  std::int64_t time_;
  base::TempDir folder_;
  std::filesystem::path redirect_;
  std::vector<std::string> all_;  // --local-user for each key
  std::map<std::string, std::string> environment_;
  base::Context context_;
};

/// Why `signature` is none of `content` by a key that `public_key` holds, as gpgv says now; "" when it is. Of several
/// signatures one has to be good, and none may be bad; those of other keys do not count. No `signature`: `content` is
/// clear-signed.
[[nodiscard]] std::string why_not_signed(const std::string& content, const std::string& signature,
                                         const std::string& public_key, const base::Context& context);

/// Keys of ASCII armoured files, in this order, as one block, without others' signatures. One block, because apt reads
/// no second one (Debian 12's apt-key, dearmor_keyring). Those of `fingerprints` alone (primary keys) when there are
/// any.
[[nodiscard]] std::string one_block(const std::vector<std::string>& armoured,
                                    const std::vector<std::string>& fingerprints, const base::Context& context);

/// The keys in an ASCII armoured file. base::Error when gpg cannot read it.
[[nodiscard]] std::vector<Key> public_keys(const std::string& armoured, const base::Context& context);

}  // namespace signing
