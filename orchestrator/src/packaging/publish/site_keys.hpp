// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repos/catalog.hpp"
#include "signing/gnupg.hpp"

namespace publish {

/// What the publisher wants of the keys: the options --sign and --next.
struct KeyWish {
  std::string sign;  // fingerprint; "": the one that the site has
  std::string next;  // fingerprint, "none", or "": as before
};

/// The keys of a site's next state. A key is rolled over in three steps: the next one is announced beside the one that
/// signs, its users get both, and then it signs, while the one before stays beside it as long as packages need it.
struct SiteKeys {
  signing::Key present;                    // signs everything that is signed now
  std::optional<signing::Key> old_signer;  // the one before, where it still can: signs what may bear two signatures
  std::string before;            // fingerprint of the key that the site is signed with; "": there is no site yet
  std::string next;              // announced; "": none
  std::vector<std::string> old;  // earlier keys, the latest last
  std::vector<std::string> revoked;
  bool begins_anew = false;  // the site was signed with a key that is revoked: nothing in it is believed
  std::string warning;       // about the announced key; "": none

  [[nodiscard]] bool switches() const { return !before.empty() && before != present.primary.fingerprint; }
  /// Fingerprints of the keys that users have to trust: the present one, the next one, the old ones.
  [[nodiscard]] std::vector<std::string> trusted() const;
};

/// base::Error (usage) for a key that cannot sign, and for another one than the site has that was neither announced nor
/// follows a revoked one.
[[nodiscard]] SiteKeys site_keys(const KeyWish& wish, const repos::Catalog& catalog, const std::string& site,
                                 const signing::Gnupg& gnupg, std::int64_t now);

/// Forgets the old keys that nothing needs any longer: no package in `catalog` is signed with them, and they cannot
/// sign themselves.
void forget_unused(SiteKeys& keys, const repos::Catalog& catalog);

/// All of them as one ASCII armoured block: what clients fetch. base::Error with what to type for one that is not in
/// the keyring.
[[nodiscard]] std::string key_file(const SiteKeys& keys, const std::string& published, const signing::Gnupg& gnupg,
                                   const base::Context& context);

}  // namespace publish
