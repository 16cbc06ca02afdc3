// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/fleet_machine.hpp"

namespace fleet {

remote::Target target_of(const Host& host) {
  remote::Target out;
  out.host = host.name;
  out.alias = host.alias;
  if (!host.user.empty()) out.user = host.user;
  out.real_user = host.real_user;
  out.port = host.port;
  out.addresses = host.addresses;
  // ssh expands "%" in it (ssh_config(5), TOKENS): fe80::1%eth0 has one.
  for (auto& address : out.addresses) {
    for (std::size_t at = 0; (at = address.find('%', at)) != std::string::npos; at += 2) address.insert(at, "%");
  }
  out.jump = host.jump;
  out.identity = host.identity;
  out.known_hosts = host.known_hosts;
  out.config = host.ssh_config;
  out.accept_unsealed = host.accept_unsealed;
  out.same_port = host.same_port;
  return out;
}

remote::Wait wait_of(const Host& host, remote::Wait wait) {
  if (host.deadline) wait.deadline = *host.deadline;
  if (wait.ready.empty()) wait.ready = host.wait_for;
  if (wait.reboot_command.empty()) wait.reboot_command = host.reboot;
  wait.answer.insert(wait.answer.end(), host.answer.begin(), host.answer.end());
  return wait;
}

std::unique_ptr<remote::PassphraseSource> source_of(const Host& host, std::chrono::seconds patience,
                                                    const base::Context& context, Together together) {
  if (!host.passphrase_command.empty())
    return std::make_unique<PassphraseCommand>(host.passphrase_command, host.name, patience, together);
  if (!host.credential.empty())
    return std::make_unique<PassphraseFile>(credential_file(host.credential, context.environment));
  return nullptr;
}

}  // namespace fleet
