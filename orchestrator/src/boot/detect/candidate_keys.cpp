// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/candidate_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "host/small_file.hpp"
#include "openssh/address.hpp"

namespace detect {
namespace {

namespace fs = std::filesystem;

std::string variable_of(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

/// useradd(8) and systemd (USER_NAMES): no name that could be a path or an option.
bool is_user_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@$";
  return !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.' &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

/// passwd(5); accounts of a name service are asked for by getent(1).
std::optional<std::string> home_of(const Source& source, const std::string& user) {
  const auto in = [&](const std::string& text) -> std::optional<std::string> {
    for (const auto& line : base::lines(text)) {
      const auto fields = base::split(line, ':');
      if (fields.size() >= 6 && fields[0] == user && fields[5].starts_with('/')) return fields[5];
    }
    return std::nullopt;
  };
  if (const auto text = host::read_small(source.root / "etc/passwd"))
    if (auto home = in(*text)) return home;
  const auto answer = source.commands.run({"getent", "passwd", user});
  return answer.ok() ? in(answer.out) : std::nullopt;
}

/// Of sshd_config(5), as sshd itself reads its configuration; its defaults where it cannot be asked.
std::vector<std::string> key_file_patterns(const Source& source) {
  std::vector<std::string> out;
  const auto answer = source.commands.run({"sshd", "-T"});
  if (answer.ok()) {
    for (const auto& line : base::lines(answer.out)) {
      const auto words = base::split(line, ' ');
      if (words.empty() || words[0] != "authorizedkeysfile") continue;
      for (std::size_t i = 1; i < words.size(); ++i)
        if (!words[i].empty() && words[i] != "none") out.push_back(words[i]);
    }
  }
  if (out.empty()) out = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  return out;
}

/// sshd_config(5), TOKENS.
std::string expanded(const std::string& pattern, const std::string& home, const std::string& user) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool token = pattern[i] == '%' && i + 1 < pattern.size();
    if (!token) {
      out += pattern[i];
      continue;
    }
    ++i;
    if (pattern[i] == 'h') out += home;
    if (pattern[i] == 'u') out += user;
    if (pattern[i] == '%') out += '%';
  }
  return out.starts_with('/') ? out : home + "/" + out;
}

/// What root's shell makes of a forced command in an image: `unlock` and a shell are of use, others are not known to be
/// there at all.
bool is_useful_command(std::string_view command) {
  auto text = base::trim(command);
  if (text.starts_with("exec ")) text = base::trim(text.substr(5));
  const auto word = text.substr(0, text.find_first_of(" \t;|&"));
  const auto name = word.substr(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
  constexpr std::array<std::string_view, 5> kUseful{"unlock", "cryptroot-unlock", "sh", "bash",
                                                    "systemd-tty-ask-password-agent"};
  return std::ranges::find(kUseful, name) != kUseful.end();
}

/// The address of the session's other end (ssh(1), ENVIRONMENT); "" if there is none.
std::string client_of(const Source& source) {
  const auto words = base::split(variable_of(source.environment, "SSH_CONNECTION"), ' ');
  return !words.empty() && openssh::parse_address(words[0]) ? words[0] : "";
}

void add_lines(Keys& keys, const std::string& text, const std::string& file, const std::string& user,
               const std::string& client) {
  const auto rows = base::lines(text);
  for (const auto& line : openssh::parse_authorized_keys(text, keys.now)) {
    if (!line.key || line.number == 0 || line.number > rows.size()) {
      keys.faults.push_back(fmt::format("{}:{}: {}", file, line.number, base::printable(line.fault, 200)));
      continue;
    }
    CandidateKey one;
    one.line = std::string(base::trim(rows[line.number - 1]));
    one.key = *line.key;
    one.origin = fmt::format("{}:{}", file, line.number);
    one.user = user;
    one.options = line.options;
    one.why_not = why_it_cannot_unlock(line, client);
    keys.candidates.push_back(std::move(one));
  }
}

void add_user(Keys& keys, const Source& source, const std::string& user, const std::string& client) {
  const auto home = home_of(source, user);
  if (!home) {
    keys.faults.push_back(fmt::format("the home folder of {} is not known", user));
    return;
  }
  for (const auto& pattern : key_file_patterns(source)) {
    const auto file = expanded(pattern, *home, user);
    const auto path = source.root / fs::path(file).relative_path();
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    if (const auto text = host::read_small(path))
      add_lines(keys, *text, file, user, client);
    else
      keys.faults.push_back(fmt::format("{} cannot be read", base::printable(file, 200)));
  }
}

/// What the forwarded agent has (ssh-add(1)).
void add_agent(Keys& keys, const Source& source) {
  const auto socket = variable_of(source.environment, "SSH_AUTH_SOCK");
  if (socket.empty() || !socket.starts_with('/')) return;
  const auto answer = source.commands.run({"env", "SSH_AUTH_SOCK=" + socket, "ssh-add", "-L"});
  if (!answer.ok()) return;  // no key in it, or no agent: nothing that anybody misses
  for (const auto& row : base::lines(answer.out)) {
    if (row.size() > openssh::kAuthorizedLineLength) continue;
    const auto parsed = openssh::parse_public_key(row);
    if (!parsed.key || openssh::is_certificate_type(parsed.key->type)) continue;
    CandidateKey one;
    one.line = std::string(base::trim(row));
    one.key = *parsed.key;
    one.origin = "agent";
    keys.candidates.push_back(std::move(one));
  }
}

/// Usable ones first; of one key the first.
void order(std::vector<CandidateKey>& candidates) {
  std::stable_partition(candidates.begin(), candidates.end(),
                        [](const CandidateKey& one) { return one.why_not.empty(); });
  std::set<std::pair<std::string, std::string>> seen;
  std::erase_if(candidates, [&](const CandidateKey& one) { return !seen.emplace(one.key.type, one.key.blob).second; });
}

void read_effective(Keys& keys, const Source& source) {
  std::vector<std::string> files{"/root/.ssh/dracut_authorized_keys", "/etc/dracut-sshd/authorized_keys",
                                 "/root/.ssh/authorized_keys"};
  std::error_code error;
  if (fs::exists(source.root / "run/ostree-booted", error)) files = {"/etc/dracut-sshd/authorized_keys"};
  for (const auto& file : files) {
    const auto text = host::read_small(source.root / fs::path(file).relative_path());
    if (!text || text->empty()) continue;
    keys.effective = file;
    keys.effective_lines = openssh::parse_authorized_keys(*text, keys.now);
    return;
  }
}

void read_host_keys(Keys& keys, const Source& source) {
  std::error_code error;
  // As the module's sshd_is_sealed: then no other key goes into an image.
  const std::string sealed = "etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred";
  if (fs::exists(fs::symlink_status(source.root / sealed, error))) {
    keys.host_keys = {"/" + sealed};
    return;
  }
  for (const auto& entry : fs::directory_iterator(source.root / "etc/ssh", error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("dracut_ssh_host_") && name.ends_with("_key")) keys.host_keys.push_back("/etc/ssh/" + name);
  }
  std::ranges::sort(keys.host_keys);
}

}  // namespace

std::uint64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::string why_it_cannot_unlock(const openssh::AuthorizedLine& line, const std::string& client) {
  if (!line.fault.empty()) return line.fault;
  if (line.is_authority()) return "it signs certificates (cert-authority)";
  if (const auto command = line.command(); command && !is_useful_command(*command))
    return fmt::format("it is tied to the command {}", base::printable(*command, 60));
  if (const auto from = line.from(); from && !client.empty()) {
    const auto match = openssh::match_host_and_address(client, client, *from);
    if (match != openssh::AddressMatch::matched)
      return fmt::format("its from= ({}) does not name {}, where you are connected from", base::printable(*from, 60),
                         client);
  }
  return "";
}

Keys read_keys(const Source& source) {
  Keys keys;
  keys.now = seconds_now();
  keys.user = "root";
  for (const auto* name : {"SUDO_USER", "DOAS_USER"}) {
    const auto value = variable_of(source.environment, name);
    if (value.empty() || value == "root") continue;
    if (is_user_name(value)) {
      keys.user = value;
      break;
    }
    keys.faults.push_back(fmt::format("{} is not the name of a user: \"{}\"", name, base::printable(value, 60)));
  }
  const auto client = client_of(source);
  if (keys.user != "root") add_user(keys, source, keys.user, client);
  add_user(keys, source, "root", client);
  add_agent(keys, source);
  order(keys.candidates);
  read_effective(keys, source);
  read_host_keys(keys, source);
  return keys;
}

}  // namespace detect
