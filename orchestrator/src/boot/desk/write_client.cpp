// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/write_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "desk/client_files.hpp"
#include "openssh/host_alias.hpp"
#include "remote/known_hosts.hpp"

namespace desk {
namespace {

constexpr const char* kStanzas = "dracut-sshd.conf";

struct ConfigFiles {
  std::filesystem::path config;   // the user's ssh_config; "": not known
  std::filesystem::path stanzas;  // beside it
  std::string include;            // the line
};

ConfigFiles config_files(const Login& login, const base::Context& context) {
  ConfigFiles out;
  if (!login.config.empty()) {
    out.config = std::filesystem::absolute(login.config);
    out.stanzas = out.config.parent_path() / kStanzas;
    const auto path = out.stanzas.string();
    out.include = "Include " + (path.find(' ') == std::string::npos ? path : "\"" + path + "\"");
    return out;
  }
  const auto home = context.environment.find("HOME");
  if (home == context.environment.end() || !home->second.starts_with('/')) return out;
  out.config = std::filesystem::path(home->second) / ".ssh/config";
  out.stanzas = out.config.parent_path() / kStanzas;
  out.include = std::string("Include ") + kStanzas;  // ssh_config(5): relative to ~/.ssh
  return out;
}

std::vector<std::string> aliases_of(const setup::ClientFacts& facts) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& name) {
    const auto alias = openssh::initramfs_alias(name);
    if (std::ranges::find(out, alias) == out.end()) out.push_back(alias);
  };
  for (const auto& name : facts.names) add(name);
  for (const auto& address : facts.addresses) add(address);
  return out;
}

void write_known_hosts(const ClientRequest& request, const std::vector<std::string>& aliases,
                       const std::filesystem::path& scratch, const base::Context& context, ClientReport& report) {
  const remote::KnownHosts known(request.settings.known_hosts, scratch, context);
  report.known_hosts_file = known.first();
  if (!known.can_tell() || report.known_hosts_file.empty()) {
    report.known_hosts_file.clear();
    report.notes.emplace_back(
        "known_hosts is left as it is: ssh-keygen is missing, or ssh_config names the file with % or ${}; append the "
        "lines yourself:");
    report.notes.insert(report.notes.end(), request.lines.known_hosts.begin(), request.lines.known_hosts.end());
    return;
  }
  const auto plan = plan_known_hosts(
      aliases, request.facts.host_keys, [&known](const std::string& alias) { return known.of(alias); },
      report.known_hosts_file);
  report.notes = plan.notes;
  report.appended = plan.append;
  if (!request.facts.unsealed_keys.empty()) {
    std::vector<std::string> unsealed;
    for (const auto& alias : aliases) unsealed.push_back(openssh::unsealed_alias(alias));
    const auto more = plan_known_hosts(
        unsealed, request.facts.unsealed_keys, [&known](const std::string& alias) { return known.of(alias); },
        report.known_hosts_file);
    report.notes.insert(report.notes.end(), more.notes.begin(), more.notes.end());
    report.appended.insert(report.appended.end(), more.append.begin(), more.append.end());
  }
  append_lines(report.known_hosts_file, report.appended);
}

void forget_known_hosts(const ClientSettings& settings, const std::vector<std::string>& aliases,
                        const std::filesystem::path& scratch, const base::Context& context, ClientReport& report) {
  const remote::KnownHosts known(settings.known_hosts, scratch, context);
  report.known_hosts_file = known.first();
  if (!known.can_tell() || report.known_hosts_file.empty()) {
    report.known_hosts_file.clear();
    report.notes.push_back(fmt::format(
        "known_hosts is left as it is: ssh-keygen is missing, or ssh_config names the file with % or ${{}}; "
        "remove the lines that begin with {} yourself",
        base::join(aliases, ", ")));
    return;
  }
  const auto before = text_of_file(report.known_hosts_file);
  const auto after = without_lines(before, aliases, report.removed);
  if (after != before) replace_text(report.known_hosts_file, after);
  for (const auto& file : known.files()) {
    const remote::KnownHosts one({file}, scratch, context);
    for (const auto& alias : aliases) {
      if (one.of(alias).any())
        report.notes.push_back(fmt::format("{} has a key for {} that setup did not write; to remove it: {}", file,
                                           alias, base::shell_quote({"ssh-keygen", "-R", alias, "-f", file})));
    }
  }
}

/// Whether ssh takes the stanza for its Host.
bool is_read(const std::string& alias, const ClientRequest& request, const std::filesystem::path& scratch,
             const base::Context& context) {
  Login login;
  login.host = alias;
  login.config = request.login.config;
  return client_settings(login, request.lacks, scratch, context).host_key_alias == alias;
}

void write_stanza(const ClientRequest& request, const std::string& alias, const std::filesystem::path& scratch,
                  const base::Context& context, ClientReport& report) {
  const auto files = config_files(request.login, context);
  if (files.config.empty()) {
    report.notes.emplace_back("HOME is not set: no ssh_config stanza was written");
    return;
  }
  report.config_file = files.config.string();
  report.stanza_file = files.stanzas.string();
  const auto before = text_of_file(files.stanzas);
  const auto after = with_stanza(before, alias, request.lines.ssh_config);
  report.stanza_changed = before != after;
  if (report.stanza_changed) replace_text(files.stanzas, after);
  if (is_read(alias, request, scratch, context)) return;
  report.include_line = files.include;
  if (!request.write_config) return;
  const auto config = text_of_file(files.config);
  const auto with = with_include(config, files.include);
  report.config_changed = with != config;
  if (report.config_changed) replace_text(files.config, with);
  if (is_read(alias, request, scratch, context)) {
    report.include_line.clear();
  } else {
    report.notes.push_back(fmt::format("ssh does not take the stanza for {}: see ssh -G {}", alias, alias));
  }
}

}  // namespace

ClientReport write_client(const ClientRequest& request, const std::filesystem::path& scratch,
                          const base::Context& context) {
  ClientReport report;
  const auto aliases = aliases_of(request.facts);
  write_known_hosts(request, aliases, scratch, context, report);
  write_stanza(request, aliases.front(), scratch, context, report);
  return report;
}

ClientReport forget_client(const Login& login, const ClientSettings& settings, const setup::ClientFacts& facts,
                           const std::filesystem::path& scratch, const base::Context& context) {
  ClientReport report;
  const auto aliases = aliases_of(facts);
  auto names = aliases;
  for (const auto& alias : aliases) names.push_back(openssh::unsealed_alias(alias));
  forget_known_hosts(settings, names, scratch, context, report);
  const auto files = config_files(login, context);
  if (!files.stanzas.empty()) {
    report.stanza_file = files.stanzas.string();
    const auto before = text_of_file(files.stanzas);
    const auto after = with_stanza(before, aliases.front(), "");
    report.stanza_changed = before != after;
    if (report.stanza_changed) replace_text(files.stanzas, after);
  }
  return report;
}

}  // namespace desk
