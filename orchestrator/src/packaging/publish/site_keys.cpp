// SPDX-License-Identifier: GPL-3.0-or-later
#include "publish/site_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "signing/session.hpp"

namespace publish {
namespace {

bool holds(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

void add(std::vector<std::string>& all, const std::string& one) {
  if (!one.empty() && !holds(all, one)) all.push_back(one);
}

/// A site names its own key, and whoever can write to it can write another name there. The key that its signatures are
/// held against has to be the publisher's, and not one of the many that a keyring may hold.
bool is_own(const signing::Key& key) {
  return key.trusted || key.primary.has_secret ||
         std::ranges::any_of(key.subkeys, [](const signing::Part& part) { return part.has_secret; });
}

/// The site's keys that the keyring says are revoked.
std::vector<std::string> newly_revoked(const repos::Catalog& catalog, const signing::Gnupg& gnupg) {
  auto all = catalog.old;
  add(all, catalog.fingerprint);
  std::vector<std::string> out;
  for (const auto& one : all) {
    const auto key = gnupg.find(one);
    if (key && key->primary.revoked && !holds(catalog.revoked, one)) out.push_back(one);
  }
  return out;
}

base::Error refused_key(const std::string& site, const repos::Catalog& catalog, const std::string& wanted) {
  return base::Error(fmt::format("{} is signed with {}", site, catalog.fingerprint), base::Exit::usage)
      .with_hint(catalog.next.empty()
                     ? fmt::format("its users trust that key; announce another one first, with --next {}", wanted)
                     : fmt::format("its users trust that key, and {} was announced to follow it", catalog.next));
}

/// The present key of a site that is there already.
void choose(SiteKeys& keys, const std::string& wanted, const repos::Catalog& catalog, const std::string& site,
            const signing::Gnupg& gnupg, std::int64_t now) {
  keys.before = catalog.fingerprint;
  const auto revoked = newly_revoked(catalog, gnupg);
  for (const auto& one : revoked) add(keys.revoked, one);
  keys.begins_anew = !revoked.empty();
  keys.present = gnupg.usable(wanted.empty() ? catalog.fingerprint : wanted, now);
  if (!keys.switches()) return;
  const auto& fingerprint = keys.present.primary.fingerprint;
  if (fingerprint != catalog.next && !holds(revoked, catalog.fingerprint))
    throw refused_key(site, catalog, fingerprint);
  const auto before = gnupg.find(catalog.fingerprint);
  if (!before || !is_own(*before))
    throw base::Error(
        fmt::format("{} is signed with {}, which is not known as a key of yours", site, catalog.fingerprint),
        base::Exit::usage)
        .with_hint(fmt::format("if it is: gpg --import its public key, then echo {}:6: | gpg --import-ownertrust",
                               catalog.fingerprint));
  add(keys.old, catalog.fingerprint);
}

void announce(SiteKeys& keys, const std::string& wanted, const repos::Catalog& catalog, const signing::Gnupg& gnupg,
              std::int64_t now) {
  keys.next = catalog.next == keys.present.primary.fingerprint ? "" : catalog.next;
  if (wanted == "none") keys.next.clear();
  if (wanted.empty() || wanted == "none") {
    if (const auto key = keys.next.empty() ? std::nullopt : gnupg.find(keys.next); key && key->primary.revoked) {
      keys.warning = fmt::format("the announced key {} is revoked, and is withdrawn", keys.next);
      add(keys.revoked, keys.next);
      keys.next.clear();
    }
    return;
  }
  keys.next = gnupg.usable(wanted, now).primary.fingerprint;
  if (keys.next == keys.present.primary.fingerprint || holds(keys.old, keys.next))
    throw base::Error(fmt::format("--next {}: the site has that key already", keys.next), base::Exit::usage)
        .with_hint("orchestrator key new makes another one; orchestrator key extend lets a key live longer");
}

}  // namespace

std::vector<std::string> SiteKeys::trusted() const {
  std::vector<std::string> out = {present.primary.fingerprint};
  add(out, next);
  for (const auto& one : old) add(out, one);
  return out;
}

SiteKeys site_keys(const KeyWish& wish, const repos::Catalog& catalog, const std::string& site,
                   const signing::Gnupg& gnupg, std::int64_t now) {
  SiteKeys keys;
  keys.old = catalog.old;
  keys.revoked = catalog.revoked;
  if (catalog.fingerprint.empty()) {
    if (wish.sign.empty())
      throw base::Error("no key to sign with was named", base::Exit::usage)
          .with_hint("--sign FINGERPRINT; orchestrator key list shows those that there are");
    keys.present = gnupg.usable(wish.sign, now);
  } else {
    choose(keys, wish.sign, catalog, site, gnupg, now);
  }
  std::erase_if(keys.old, [&keys](const std::string& one) {
    return holds(keys.revoked, one) || one == keys.present.primary.fingerprint;
  });
  if (keys.begins_anew) keys.old.clear();
  announce(keys, wish.next, catalog, gnupg, now);
  if (!keys.old.empty()) {
    auto key = gnupg.find(keys.old.back());
    if (key && !signing::obstacle(*key, now)) keys.old_signer = std::move(key);
  }
  return keys;
}

void forget_unused(SiteKeys& keys, const repos::Catalog& catalog) {
  std::erase_if(keys.old, [&](const std::string& one) {
    const bool signs = keys.old_signer && keys.old_signer->primary.fingerprint == one;
    return !signs && std::ranges::none_of(catalog.entries,
                                          [&one](const repos::Published& entry) { return entry.signed_with == one; });
  });
}

std::string key_file(const SiteKeys& keys, const std::string& published, const signing::Gnupg& gnupg,
                     const base::Context& context) {
  auto all = keys.trusted();
  for (const auto& one : keys.revoked) add(all, one);
  std::vector<std::string> texts;
  for (const auto& one : all) {
    if (!gnupg.find(one))
      throw base::Error(fmt::format("the key {}, which the site's users have, is not in your keyring", one),
                        base::Exit::usage)
          .with_hint("gpg --import " + base::shell_quote(published));
    texts.push_back(gnupg.public_key(one));
  }
  return texts.size() == 1 ? texts.front() : signing::one_block(texts, all, context);
}

}  // namespace publish
