// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "inspect/gather.hpp"
#include "inspect/glob.hpp"
#include "openssh/config_check.hpp"

namespace inspect {
namespace {

/// VARIABLE=value lines of an environment file (systemd.exec(5)).
void read_environment(std::string_view text, std::map<std::string, std::string>& out) {
  for (const auto& raw : base::lines(text)) {
    const auto line = base::trim(raw);
    const auto equals = line.find('=');
    if (line.starts_with('#') || line.starts_with(';') || equals == std::string_view::npos) continue;
    const auto words = words_of(line.substr(equals + 1));
    out[std::string(line.substr(0, equals))] = base::join(words, " ");
  }
}

std::map<std::string, std::string> environment_of(const Facts& facts, const Unit& unit) {
  std::map<std::string, std::string> out;
  for (const auto& setting : unit.all("Service", "Environment")) {
    for (const auto& word : words_of(setting)) {
      const auto equals = word.find('=');
      if (equals != std::string::npos) out[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  for (auto file : unit.all("Service", "EnvironmentFile")) {
    if (file.starts_with('-')) file.erase(0, 1);
    if (const auto text = facts.image.content(file)) read_environment(*text, out);
  }
  return out;
}

/// Of ExecStart; "$OPTIONS" as a word of its own becomes as many words as its value has.
std::vector<std::string> arguments_of(const Facts& facts, const Unit& unit) {
  const auto commands = unit.all("Service", "ExecStart");
  if (commands.empty()) return {};
  auto words = words_of(commands.back());
  if (!words.empty()) words.erase(words.begin());
  const auto environment = environment_of(facts, unit);
  std::vector<std::string> out;
  for (const auto& word : words) {
    if (!word.starts_with('$')) {
      out.push_back(word);
      continue;
    }
    auto name = word.substr(1);
    if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
    const auto value = environment.find(name);
    if (value == environment.end()) continue;
    for (auto& one : words_of(value->second)) out.push_back(std::move(one));
  }
  return out;
}

/// What -o, -p and the like say, as lines of a configuration; and -f.
std::string read_arguments(Sshd& sshd) {
  constexpr std::string_view kWithValue = "CcEfghkopu";
  std::string out;
  const auto& all = sshd.arguments;
  for (std::size_t index = 0; index < all.size(); ++index) {
    if (all[index].size() < 2 || all[index].front() != '-') continue;
    // Flags may share a word; the first that has a value takes the rest of it, or the next word.
    for (std::size_t at = 1; at < all[index].size(); ++at) {
      const char flag = all[index][at];
      if (kWithValue.find(flag) == std::string_view::npos) continue;
      std::string value = all[index].substr(at + 1);
      if (value.empty() && index + 1 < all.size()) value = all[++index];
      if (flag == 'f') sshd.configuration = value.starts_with('/') ? value.substr(1) : value;
      if (flag == 'p') out += "Port " + value + "\n";
      if (flag == 'h') out += "HostKey " + value + "\n";
      if (flag == 'o') out += base::replace_all(value, "\n", " ") + "\n";
      break;
    }
  }
  return out;
}

openssh::Included included(const Facts& facts, const std::string& pattern) {
  openssh::Included out;
  if (!pattern.starts_with('/')) return out;
  for (const auto& path : glob(facts.image, pattern.substr(1))) {
    const auto* node = facts.image.find(path);
    // sshd opens a folder, reads nothing from it, and goes on.
    if (node == nullptr || node->is_directory()) continue;
    const auto text = facts.image.content(path);
    out.emplace_back("/" + path, text ? std::optional(std::string(*text)) : std::nullopt);
  }
  return out;
}

void read_configuration(Facts& facts, const std::string& by_arguments) {
  const auto resolve = [&](const std::string& pattern) { return included(facts, pattern); };
  const auto text = facts.image.content(facts.sshd.configuration);
  facts.config_there = text.has_value();
  facts.config = openssh::parse_sshd_config(text.value_or(""), "/" + facts.sshd.configuration, resolve);
  // The command line comes first, and of several values the first is in force.
  auto first = openssh::parse_sshd_config(by_arguments, "the unit's command line", resolve);
  facts.config.directives.insert(facts.config.directives.begin(), first.directives.begin(), first.directives.end());
  facts.config.findings.insert(facts.config.findings.begin(), first.findings.begin(), first.findings.end());
  auto& connection = facts.connection;
  if (!facts.options.from.empty()) connection.address = facts.options.from;
  connection.release = facts.sshd.release;
  facts.effective = openssh::effective(facts.config, connection);
  const auto port = openssh::integer_of(openssh::argument_of(facts.effective.values, "port", "22"));
  if (port) connection.local_port = *port;
  facts.effective = openssh::effective(facts.config, connection);
}

/// Says it when it is ready: OpenSSH itself by the variable (9.8 on), a distribution's patch by libsystemd's function.
std::optional<bool> notifies(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  return bytes.find("NOTIFY_SOCKET") != std::string_view::npos || bytes.find("sd_notify") != std::string_view::npos;
}

/// systemd runs no empty file, and goes on without it where the unit has a "-" before it.
bool can_run(const Facts& facts, std::string_view path) {
  const auto* node = facts.image.find(path);
  return node != nullptr && node->is_file() && node->size > 0 && (node->mode & 0111U) != 0;
}

}  // namespace

void gather_sshd(Facts& facts) {
  auto& sshd = facts.sshd;
  facts.unit = load_unit(facts.image, "sshd.service");
  sshd.path = facts.program("sshd");
  if (facts.unit && !facts.unit->masked) {
    const auto commands = facts.unit->all("Service", "ExecStart");
    const auto words = commands.empty() ? std::vector<std::string>{} : words_of(commands.back());
    if (!words.empty()) {
      const auto begin = std::min(words.front().find_first_not_of("-@:+!"), words.front().size());
      const auto* node = facts.image.find(words.front().substr(begin));
      if (node != nullptr && node->is_file())
        sshd.path = facts.image.resolve(words.front().substr(begin)).value_or(sshd.path);
    }
    sshd.arguments = arguments_of(facts, *facts.unit);
    for (const auto& before : facts.unit->all("Service", "ExecStartPre")) {
      const auto begin = std::min(before.find_first_not_of("-@:+!"), before.size());
      // "accounts" is what images of earlier versions call it
      for (const auto* program : {"usr/lib/dracut-sshd/fix-accounts", "usr/lib/dracut-sshd/accounts"}) {
        if (before.substr(begin) == std::string("/") + program && can_run(facts, program) &&
            facts.has("etc/initrd-release"))
          facts.puts_accounts_right = true;
      }
    }
  }
  // Its program gives root the home folder in which the module puts the keys, unless there are some in root's own.
  if (facts.puts_accounts_right && !facts.has(facts.home + "/.ssh")) facts.home = "root";
  sshd.bytes = facts.image.content(sshd.path).value_or("");
  sshd.version = openssh::version_in(sshd.bytes);
  sshd.release = openssh::release_in(sshd.bytes);
  sshd.notifies = notifies(sshd.bytes);
  sshd.configuration = "etc/ssh/sshd_config";
  read_configuration(facts, read_arguments(sshd));
}

}  // namespace inspect
