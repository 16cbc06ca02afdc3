// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/known_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/files.hpp"
#include "openssh/host_alias.hpp"
#include "remote/ssh_settings.hpp"

namespace remote {
namespace {

std::string value(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

bool is_set(const std::string& text) { return !text.empty() && text != "none"; }

void find_initramfs(KnownMachine& machine, const KnownHosts& known, const std::string& resolved) {
  auto& target = machine.target;
  machine.names = target.alias.empty() ? initramfs_names(target.host, resolved) : std::vector{target.alias};
  target.alias = machine.names.front();
  for (const auto& name : machine.names) {
    machine.initramfs = known.of(name);
    if (!machine.initramfs.any()) continue;
    target.alias = name;
    break;
  }
  machine.unsealed_alias = openssh::unsealed_alias(target.alias);
  machine.unsealed = known.of(machine.unsealed_alias);
  for (const auto& name : machine.names) {
    if (machine.unsealed.any() || machine.initramfs.any()) break;
    machine.unsealed_alias = openssh::unsealed_alias(name);
    machine.unsealed = known.of(machine.unsealed_alias);
  }
}

/// The name under which known_hosts has the real system. An address from an inventory does not change it.
void find_real(KnownMachine& machine, const KnownHosts& known, const Settings& real) {
  machine.real_name = value(real, "hostkeyalias");
  if (!is_set(machine.real_name)) {
    machine.real_name = machine.real_host;
    if (!machine.real_port.empty() && machine.real_port != "22")
      machine.real_name = fmt::format("[{}]:{}", machine.real_name, machine.real_port);
  }
  machine.real = known.of(machine.real_name);
  if (!machine.target.addresses.empty()) machine.target.real_alias = machine.real_name;
}

}  // namespace

bool KnownMachine::distinct() const {
  const auto shares = [this](const KnownKeys& other) {
    return std::ranges::any_of(real.keys, [&](const std::string& key) { return other.keys.contains(key); }) ||
           (real.authority && other.authority);
  };
  return can_tell && real.any() && (initramfs.any() || unsealed.any()) && !shares(initramfs) && !shares(unsealed);
}

KnownMachine look_up(Target target, const std::filesystem::path& scratch, const base::Context& context) {
  const SshQuestions questions(scratch, context);
  if (!target.lacks) target.lacks = questions.lacking();
  KnownMachine out;
  out.records = !target.lacks->contains("KnownHostsCommand");
  const auto early = questions.of_user(target, System::initramfs);
  const auto real = questions.of_user(target, System::real);
  if (target.real_user.empty()) {
    const auto user = value(real, "user");
    target.real_user = user.empty() || user == questions.own_user() ? target.user : user;
  }
  out.early_host = value(early, "hostname");
  out.real_host = value(real, "hostname");
  out.real_port = target.same_port && !target.port.empty() ? target.port : value(real, "port");
  out.early_port = target.port.empty() ? value(early, "port") : target.port;
  out.proxied = !target.jump.empty() || is_set(value(early, "proxyjump")) || is_set(value(early, "proxycommand"));

  const std::vector<std::string> files{value(real, "userknownhostsfile"), value(real, "globalknownhostsfile")};
  out.lists = target.known_hosts.empty() ? files : std::vector{target.known_hosts};
  const KnownHosts of_user(files, scratch, context);
  const KnownHosts known(out.lists, scratch, context);
  out.files = known.files();
  for (const auto& file : of_user.files()) {
    if (std::ranges::find(out.files, file) == out.files.end()) out.files.push_back(file);
  }
  out.first_file = known.first();
  out.can_tell = of_user.can_tell() && known.can_tell();
  out.target = std::move(target);
  find_initramfs(out, known, out.early_host);
  find_real(out, of_user, real);
  if (!out.target.addresses.empty()) out.early_host = out.real_host = out.target.addresses.front();
  questions.check(out.target, System::initramfs);
  questions.check(out.target, System::real);
  return out;
}

void look_up_again(KnownMachine& machine, const std::filesystem::path& scratch, const base::Context& context) {
  machine.initramfs = KnownHosts(machine.lists, scratch, context).of(machine.target.alias);
}

std::filesystem::path scratch_parent() {
  const auto parent = base::temp_parent();
  const auto text = parent.string();
  const bool plain = std::ranges::all_of(text, [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '/' || byte == '.' || byte == '_' || byte == '-';
  });
  return plain && text.starts_with('/') && text.size() <= 60 ? parent : std::filesystem::path("/tmp");
}

}  // namespace remote
