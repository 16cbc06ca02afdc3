// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "host/host.hpp"
#include "host/small_file.hpp"
#include "openssh/host_alias.hpp"
#include "openssh/key.hpp"

namespace inspect {
namespace {

/// The machine's name, as far as the image or the system tells it.
std::string name_of(const Facts& facts) {
  std::string name(base::trim(facts.image.content("etc/hostname").value_or("")));
  if (name.empty() && facts.options.host)
    name = base::trim(host::read_small(*facts.options.host / "etc/hostname").value_or(""));
  const auto is_plain = [](unsigned char character) {
    return std::isalnum(character) != 0 || character == '-' || character == '.';
  };
  if (name.empty() || name.size() > 253 || name.front() == '-' || !std::ranges::all_of(name, is_plain)) return "HOST";
  return name;
}

}  // namespace

Client client_of(const Facts& facts) {
  Client out;
  const auto name = name_of(facts);
  const auto alias = openssh::initramfs_alias(name);
  out.alias = alias;
  if (facts.sealed && facts.sealed->key) out.known_hosts.push_back(alias + " " + openssh::line_of(*facts.sealed->key));
  out.clear_alias = facts.sealed ? openssh::unsealed_alias(alias) : alias;
  for (const auto& key : facts.host_keys) {
    if (key.key.public_part) out.known_hosts.push_back(out.clear_alias + " " + openssh::line_of(*key.key.public_part));
  }
  const auto port = openssh::argument_of(facts.effective.values, "port", "22");
  out.ssh_config = fmt::format("Host {}\n  HostName {}\n  HostKeyAlias {}\n  User root\n", alias, name, alias);
  if (port != "22") out.ssh_config += fmt::format("  Port {}\n", base::printable(port, 16));
  return out;
}

std::string client_text(const Client& client) {
  std::string out = "For ~/.ssh/known_hosts:\n";
  for (const auto& line : client.known_hosts) out += "  " + line + "\n";
  out += "For ~/.ssh/config:\n";
  for (const auto& line : base::lines(client.ssh_config)) out += "  " + line + "\n";
  return out;
}

}  // namespace inspect
