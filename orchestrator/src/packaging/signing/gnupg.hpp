// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/files.hpp"
#include "signing/keyring.hpp"

namespace signing {

/// What a new key is made of.
struct NewKey {
  std::string user;            // "Name <mail>"
  std::string expires = "3y";  // as gpg(1) has it: a number and d, w, m or y
  bool protect = true;  // by a passphrase, which GnuPG's own pinentry asks for; it never passes through this program
};

/// Throws base::Error (usage) when gpg would not make such a key, or would read something else out of it.
void check(const NewKey& wish);

/// The user's own GnuPG: its home, its agent, its cards. Errors are base::Error; a gpg that is not there is
/// Exit::missing_tool.
class Gnupg {
 public:
  /// Of the context's environment only what GnuPG needs is passed on (HOME, GNUPGHOME, GPG_TTY, TERM, DISPLAY...).
  explicit Gnupg(const base::Context& context);
  ~Gnupg();
  Gnupg(const Gnupg&) = delete;
  Gnupg& operator=(const Gnupg&) = delete;

  /// All keys whose secret part is known here, stubs too.
  [[nodiscard]] std::vector<Key> secret_keys() const;
  /// The one with this fingerprint, of the primary key or of a subkey. An Error when there is none, or when it cannot
  /// sign now.
  [[nodiscard]] Key usable(const std::string& fingerprint, std::int64_t now) const;
  /// Whatever the keyring says of a key, with or without its secret part. Nothing when it is not there.
  [[nodiscard]] std::optional<Key> find(const std::string& fingerprint) const;
  /// RSA 4096, which every release's package manager reads (rpm before 4.18 cannot import Ed25519), signing with
  /// SHA-512; the primary key itself signs, because old rpm and pacman know nothing of subkeys. Its fingerprint.
  [[nodiscard]] std::string create(const NewKey& wish) const;
  /// Lets a key, and those of its subkeys that sign, live until `expires` from now (NewKey::expires), also one that has
  /// expired. Its fingerprint stays. An Error for one that is unknown or revoked.
  void extend(const std::string& fingerprint, const std::string& expires) const;
  /// The public key alone, with no more signatures than its own: what goes beside a repository. ASCII armoured.
  [[nodiscard]] std::string public_key(const std::string& fingerprint) const;
  /// Where GnuPG has put the revocation certificate of a key that was made there (gpg(1), --generate-key).
  [[nodiscard]] std::string revocation_certificate(const std::string& fingerprint) const;

  /// What a child that talks to this GnuPG must have in its environment.
  [[nodiscard]] const std::map<std::string, std::string>& environment() const { return environment_; }
  [[nodiscard]] std::string agent_socket() const;
  /// Makes sure that an agent runs. One that was not running before is stopped at the end of this object's life; so is
  /// one that a killed process of this program has started and left.
  void start_agent() const;

 private:
  [[nodiscard]] Key known(const std::string& fingerprint) const;
  /// Whether the agent with that process id was started by one of this program that is gone. What such processes have
  /// noted is removed.
  [[nodiscard]] bool was_left(const std::string& pid) const;
  [[nodiscard]] std::string run(const std::vector<std::string>& arguments, const std::string& what) const;

  std::map<std::string, std::string> environment_;
  std::string home_;
  mutable bool agent_is_asked_ = false, agent_is_ours_ = false;
  mutable std::unique_ptr<base::TempDir> note_;  // that it is ours, for the case that this process is killed
  base::Context context_;
};

/// Where the programs with this environment look for their agent. base::Error when gpgconf does not say.
[[nodiscard]] std::filesystem::path agent_socket(const std::map<std::string, std::string>& environment,
                                                 const base::Context& context);

}  // namespace signing
