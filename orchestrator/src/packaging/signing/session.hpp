// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

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
class Session {
 public:
  Session(const Gnupg& user, const Key& key, std::int64_t epoch, std::int64_t now, const base::Context& context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Key& key() const { return key_; }
  [[nodiscard]] const std::string& fingerprint() const { return key_.primary.fingerprint; }
  [[nodiscard]] const std::string& public_key() const { return public_key_; }  // ASCII armoured
  [[nodiscard]] std::int64_t time() const { return time_; }                    // of each signature
  /// The whole environment of a child that signs.
  [[nodiscard]] const std::map<std::string, std::string>& environment() const { return environment_; }

  /// A detached signature of `content`, ASCII armoured or in binary.
  [[nodiscard]] std::string detached(const std::string& content, bool armoured) const;
  /// `content` with its signature around it (RFC 4880, section 7).
  [[nodiscard]] std::string clear_signed(const std::string& content) const;

 private:
  [[nodiscard]] std::string sign(const std::vector<std::string>& how, const std::string& content) const;

  Key key_;
  std::string public_key_;
  std::int64_t time_;
  base::TempDir folder_;
  std::filesystem::path redirect_;
  std::map<std::string, std::string> environment_;
  base::Context context_;
};

/// Why `signature` is none of `content` by the key that `public_key` holds, as gpgv says now; "" when it is. No
/// `signature`: `content` is clear-signed.
[[nodiscard]] std::string why_not_signed(const std::string& content, const std::string& signature,
                                         const std::string& public_key, const base::Context& context);

/// The keys in an ASCII armoured file. base::Error when gpg cannot read it.
[[nodiscard]] std::vector<Key> public_keys(const std::string& armoured, const base::Context& context);

}  // namespace signing
