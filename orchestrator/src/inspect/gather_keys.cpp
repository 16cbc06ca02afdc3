// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <utility>

#include "base/text.hpp"
#include "inspect/gather.hpp"

namespace inspect {
namespace {

/// AuthorizedKeysFile's tokens (sshd_config(5), TOKENS), for root.
std::string expanded(const std::string& pattern, const std::string& home) {
  std::string out;
  for (std::size_t index = 0; index < pattern.size(); ++index) {
    if (pattern[index] != '%' || index + 1 == pattern.size()) {
      out += pattern[index];
      continue;
    }
    switch (pattern[++index]) {
      case '%':
        out += '%';
        break;
      case 'h':
        out += "/" + home;
        break;
      case 'u':
        out += "root";
        break;
      case 'U':
        out += '0';
        break;
      default:
        break;
    }
  }
  if (!out.starts_with('/')) out = "/" + home + "/" + out;
  return out.substr(1);
}

HostKey host_key(const Facts& facts, const std::string& path, bool by_default) {
  HostKey out;
  out.path = path;
  out.by_default = by_default;
  out.node = facts.image.find(path);
  if (const auto text = facts.image.content(path)) out.key = openssh::read_private(*text);
  if (const auto text = facts.image.content(path + ".pub")) {
    auto parsed = openssh::parse_public_key(base::trim(*text));
    out.beside = std::move(parsed.key);
    out.beside_why = std::move(parsed.why);
  }
  return out;
}

}  // namespace

void gather_keys(Facts& facts) {
  auto patterns = openssh::all_arguments(facts.effective.values, "authorizedkeysfile");
  if (patterns.empty()) patterns = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  for (const auto& pattern : patterns) {
    if (pattern == "none") continue;
    KeyFile file;
    file.path = expanded(pattern, facts.home);
    file.node = facts.image.find(file.path);
    if (const auto text = facts.image.content(file.path))
      file.lines = openssh::parse_authorized_keys(*text, static_cast<std::uint64_t>(facts.options.now));
    else
      file.too_long = file.node != nullptr && file.node->is_file();
    facts.key_files.push_back(std::move(file));
  }
  const auto named = openssh::all_arguments(facts.effective.values, "hostkey");
  for (const auto& path : named)
    facts.host_keys.push_back(host_key(facts, path.starts_with('/') ? path.substr(1) : path, false));
  if (!named.empty()) return;
  for (const auto* type : {"rsa", "ecdsa", "ed25519"})
    facts.host_keys.push_back(host_key(facts, std::string("etc/ssh/ssh_host_") + type + "_key", true));
}

}  // namespace inspect
