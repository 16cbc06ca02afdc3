// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "openssh/pattern.hpp"
#include "openssh/verdicts.hpp"

namespace openssh {

namespace {

bool same_objection(const Objection& a, const Objection& b) { return a.keyword == b.keyword && a.origin == b.origin; }

const Objection* find_in(const std::vector<Objection>& all, const Objection& one) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&one](const Objection& other) { return same_objection(other, one); });
  return found == all.end() ? nullptr : &*found;
}

/// What comes in place of a file that AuthorizedKeysFile has a '%' in; false if sshd would end at it.
bool expand(std::string_view pattern, const std::string& home, std::string& out) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      out += pattern[at];
      continue;
    }
    if (++at == pattern.size()) return false;
    switch (pattern[at]) {
      case '%':
        out += '%';
        break;
      case 'h':
        out += home;
        break;
      case 'u':
        out += "root";
        break;
      case 'U':
        out += '0';
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

std::vector<std::string> authorized_keys_files(const Values& values, const std::string& home) {
  auto patterns = all_arguments(values, "authorizedkeysfile");
  if (patterns.empty()) patterns = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  std::vector<std::string> out;
  for (const auto& pattern : patterns) {
    if (same_word(pattern, "none")) continue;
    std::string path;
    // sshd itself is root: '~' is its own home
    const bool tilde = pattern == "~" || pattern.starts_with("~/");
    if (!expand(tilde ? home + pattern.substr(1) : pattern, home, path)) continue;
    if (!path.starts_with('/')) path = home + '/' + path;
    out.push_back(std::move(path));
  }
  return out;
}

std::vector<std::string> host_key_files(const Values& values, const Version& version) {
  const auto named = all_arguments(values, "hostkey");
  std::vector<std::string> out;
  if (named.empty()) {
    out = {"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"};
    if (version >= Version{10, 6, 0}) out.emplace_back("/etc/ssh/ssh_host_mldsa44_ed25519_key");
    return out;
  }
  for (const auto& path : named)
    if (!same_word(path, "none")) out.push_back(path);
  return out;
}

std::vector<Objection> judge_root_login(const Effective& effective, const std::vector<LoginKey>& keys,
                                        const std::vector<PublicKey>& host_keys, const Version& version) {
  auto out = verdicts({effective.values, effective.connection, keys, host_keys, version});
  for (const auto& block : effective.undecided) {
    const auto inside = verdicts({block.otherwise, effective.connection, keys, host_keys, version});
    const auto where = fmt::format("Match {} ({})", block.criteria, block.origin);
    for (auto& objection : out) {
      if (!objection.certain || find_in(inside, objection) != nullptr) continue;
      objection.certain = false;
      objection.why += fmt::format("; not so if {} matches", where);
    }
    for (auto objection : inside) {
      if (find_in(out, objection) != nullptr) continue;
      objection.certain = false;
      objection.why += fmt::format(", if {} matches", where);
      out.push_back(std::move(objection));
    }
  }
  if (effective.cut)
    for (auto& objection : out) objection.certain = false;
  return out;
}

}  // namespace openssh
