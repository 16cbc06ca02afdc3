// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/client_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/host_alias.hpp"
#include "openssh/key.hpp"

namespace setup {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035, 2.3.4

/// Numbers of the registry "SSHFP RR Types for public key algorithms" (RFC 4255, 6594, 7479).
constexpr std::array<std::pair<std::string_view, int>, 5> kAlgorithms{{{"ssh-rsa", 1},
                                                                       {"ecdsa-sha2-nistp256", 3},
                                                                       {"ecdsa-sha2-nistp384", 3},
                                                                       {"ecdsa-sha2-nistp521", 3},
                                                                       {"ssh-ed25519", 4}}};

/// With a zone, too: "fe80::1%eth0".
bool is_address(const std::string& text) {
  const auto zone = text.find('%');
  if (zone == std::string::npos) return openssh::parse_address(text).has_value();
  return is_host_name(text.substr(zone + 1)) && openssh::parse_address(text.substr(0, zone)).has_value();
}

bool is_key(const std::string& line) {
  const auto words = base::split(line, ' ');
  const auto parsed = words.size() == 2 ? openssh::parse_public_key(line) : openssh::ParsedKey{};
  return parsed.key && !openssh::is_certificate_type(parsed.key->type);
}

void add(std::vector<std::string>& to, const std::string& text) {
  if (std::ranges::find(to, text) == to.end()) to.push_back(text);
}

std::string stanza(const ClientFacts& facts, const std::vector<std::string>& aliases, const std::string& address) {
  // ssh_config(5), TOKENS: "%%" is a percent sign in HostName.
  std::string out =
      fmt::format("Host {}\n    HostName {}\n    HostKeyAlias {}\n    Port {}\n    User root\n",
                  base::join(aliases, " "), base::replace_all(address, "%", "%%"), aliases.front(), facts.port);
  for (const auto& line : facts.ssh_options) {
    if (line.find_first_of("\n\r") == std::string::npos && line.find('\0') == std::string::npos)
      out += "    " + line + "\n";
  }
  return out;
}

/// The name's first label: a zone is what comes behind it.
std::string owner_of(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (!is_address(name)) return openssh::initramfs_alias(name.substr(0, name.find('.')));
  }
  return "";
}

}  // namespace

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, [](unsigned char byte) {
           return byte < 0x80 && (std::isalnum(byte) != 0 || byte == '-' || byte == '.' || byte == '_');
         });
}

std::string sshfp_record(const std::string& owner, std::string_view host_key) {
  const auto parsed = openssh::parse_public_key(host_key);
  if (!parsed.key) return "";
  const auto* const found =
      std::ranges::find(kAlgorithms, std::string_view(parsed.key->type), &std::pair<std::string_view, int>::first);
  if (found == kAlgorithms.end()) return "";
  return fmt::format("{} IN SSHFP {} 2 {}", owner, found->second, base::sha256(parsed.key->blob));
}

ClientLines client_lines(const ClientFacts& facts) {
  std::vector<std::string> names;
  for (const auto& name : facts.names) {
    if (is_host_name(name)) add(names, name);
  }
  const auto own_names = names.size();
  std::string address;
  for (const auto& each : facts.addresses) {
    if (!is_address(each)) continue;
    if (address.empty()) address = each;
    add(names, each);
  }
  std::vector<std::string> keys;
  for (const auto& key : facts.host_keys) {
    if (is_key(key)) add(keys, key);
  }
  ClientLines out;
  if (names.empty() || keys.empty()) return out;

  std::vector<std::string> aliases;
  for (const auto& name : names) add(aliases, openssh::initramfs_alias(name));
  for (const auto& alias : aliases) {
    for (const auto& key : keys) out.known_hosts.push_back(fmt::format("{} {}", alias, key));
    for (const auto& key : facts.unsealed_keys) {
      if (is_key(key)) out.known_hosts.push_back(fmt::format("{} {}", openssh::unsealed_alias(alias), key));
    }
  }
  const bool named = is_host_name(facts.host_name) || is_address(facts.host_name);
  out.ssh_config = stanza(facts, aliases, named ? facts.host_name : address.empty() ? names.front() : address);
  names.resize(own_names);
  if (const auto owner = owner_of(names); !owner.empty()) {
    for (const auto& key : keys) {
      if (const auto record = sshfp_record(owner, key); !record.empty()) out.sshfp.push_back(record);
    }
  }
  // The client reached that address, and may know no such name: neither DNS nor its ssh_config need to have it.
  const auto& host = address.empty() ? names.front() : address;
  const auto port = facts.port == facts.login_port ? std::string() : fmt::format(" --port {}", facts.port);
  out.unlock = fmt::format("dracut-sshd unlock{} {}", port, base::shell_quote(host));
  return out;
}

}  // namespace setup
