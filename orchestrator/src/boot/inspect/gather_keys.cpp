// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "inspect/gather.hpp"
#include "inspect/glob.hpp"
#include "openssh/key_paths.hpp"
#include "openssh/pattern.hpp"
#include "openssh/revoked.hpp"
#include "seal/sealed_folder.hpp"

namespace inspect {
namespace {

std::string without_slash(const std::string& path) { return path.starts_with('/') ? path.substr(1) : path; }

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

KeyFile key_file(const Facts& facts, const std::string& path) {
  KeyFile file;
  file.path = path;
  file.node = facts.image.find(path);
  if (const auto text = facts.image.content(path))
    file.lines = openssh::parse_authorized_keys(*text, static_cast<std::uint64_t>(facts.options.now));
  else
    file.too_long = file.node != nullptr && file.node->is_file();
  return file;
}

/// The paths of AuthorizedKeysFile, for every connection: a Match block may have others. Since 10.0 they may be
/// patterns.
std::vector<std::string> key_paths(const Facts& facts) {
  constexpr openssh::Version kPatterns{10, 0, 0};
  std::vector<std::string> out;
  const bool patterns = facts.sshd.version && *facts.sshd.version >= kPatterns;
  for (const auto& named : openssh::authorized_keys_files(facts.effective.values, "/" + facts.home)) {
    const auto path = without_slash(named);
    if (!patterns || path.find_first_of("*?[") == std::string::npos) {
      out.push_back(path);
      continue;
    }
    auto found = glob(facts.image, path);
    if (found.empty()) out.push_back(path);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

bool has_principal(std::string_view text) {
  const auto lines = base::lines(text);
  return std::ranges::any_of(lines, [](const std::string& line) {
    const auto plain = base::trim(line);
    return !plain.empty() && !plain.starts_with('#');
  });
}

void gather_authorities(Facts& facts) {
  auto& out = facts.authorities;
  const auto& values = facts.effective.values;
  const auto named = openssh::argument_of(values, "trustedusercakeys", "none");
  if (openssh::same_word(named, "none")) return;
  out.path = without_slash(named);
  const auto text = facts.image.content(out.path);
  for (const auto& line : base::lines(text.value_or(""))) {
    if (auto parsed = openssh::parse_public_key(base::trim(line)); parsed.key && out.keys.size() < 1000)
      out.keys.push_back(std::move(*parsed.key));
  }
  if (!text)
    out.why_none = fmt::format("TrustedUserCAKeys: {} is not in the image", base::printable(named, 200));
  else if (out.keys.empty())
    out.why_none = fmt::format("TrustedUserCAKeys: {} holds no key", base::printable(named, 200));
  const auto principals =
      openssh::expanded_path(openssh::argument_of(values, "authorizedprincipalsfile", "none"), "/" + facts.home);
  const auto command = openssh::argument_of(values, "authorizedprincipalscommand", "none");
  if (!out.why_none.empty() || principals.empty() || !openssh::same_word(command, "none")) return;
  if (!has_principal(facts.image.content(principals).value_or("")))
    out.why_none = fmt::format("AuthorizedPrincipalsFile: {} is not in the image, or names nobody",
                               base::printable(principals, 200));
}

/// A revoked key's line has that for its fault.
void gather_revoked(Facts& facts) {
  const auto path = openssh::argument_of(facts.effective.values, "revokedkeys", "none");
  if (openssh::same_word(path, "none")) return;
  const auto shown = base::printable(path, 200);
  const auto text = facts.image.content(path);
  if (!text) {
    facts.revoked_why = fmt::format("RevokedKeys {} is not in the image: sshd takes no key at all", shown);
    return;
  }
  const openssh::RevokedKeys revoked(*text);
  if (revoked.is_broken()) {
    facts.revoked_why = fmt::format("RevokedKeys {} is not a list of keys: sshd takes no key at all", shown);
    return;
  }
  for (auto& file : facts.key_files) {
    for (auto& line : file.lines) {
      if (line.key && line.fault.empty() && revoked.revokes(*line.key))
        line.fault = fmt::format("it is revoked (RevokedKeys {})", shown);
    }
  }
  auto& keys = facts.authorities.keys;
  std::erase_if(keys, [&](const openssh::PublicKey& key) { return revoked.revokes(key); });
  if (keys.empty() && !facts.authorities.path.empty() && facts.authorities.why_none.empty())
    facts.authorities.why_none = fmt::format("TrustedUserCAKeys: its keys are revoked (RevokedKeys {})", shown);
}

void gather_sealed(Facts& facts) {
  if (facts.image.find(seal::kImageCredential) == nullptr) return;
  SealedKey out;
  out.credential = facts.image.content(seal::kImageCredential).value_or("");
  out.parsed = seal::parse_credential(out.credential);
  out.key = openssh::parse_public_key(base::trim(facts.image.content(seal::kImagePublic).value_or(""))).key;
  facts.sealed = std::move(out);
}

}  // namespace

void gather_keys(Facts& facts) {
  for (const auto& path : key_paths(facts)) facts.key_files.push_back(key_file(facts, path));
  gather_authorities(facts);
  gather_revoked(facts);
  const bool by_default = openssh::all_arguments(facts.effective.values, "hostkey").empty();
  for (const auto& path :
       openssh::host_key_files(facts.effective.values, facts.sshd.version.value_or(openssh::Version{10, 0, 0})))
    facts.host_keys.push_back(host_key(facts, without_slash(path), by_default));
  gather_sealed(facts);
}

}  // namespace inspect
