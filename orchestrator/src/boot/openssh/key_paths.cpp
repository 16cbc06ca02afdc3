// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/key_paths.hpp"

#include <utility>

#include "openssh/pattern.hpp"

namespace openssh {

namespace {

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

std::string expanded_path(std::string_view pattern, const std::string& home) {
  std::string path;
  if (pattern.empty() || same_word(pattern, "none") || !expand(pattern, home, path)) return {};
  return path.starts_with('/') ? path : home + '/' + path;
}

}  // namespace openssh
