// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/host_login.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/address.hpp"
#include "openssh/host_alias.hpp"
#include "remote/ssh.hpp"
#include "setup/client_lines.hpp"

namespace desk {
namespace {

constexpr std::uint64_t kLongestAnswer = 1U << 20U;
constexpr std::chrono::seconds kPatience{30};  // Match exec and CanonicalizeHostname take their time

using Answers = std::multimap<std::string, std::string>;  // lower-case keyword -> value

/// Keywords of ssh -G, as ssh_config(5) writes them, of which a Host of another name needs the same.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kCarriedOver{
    {{"proxyjump", "ProxyJump"},
     {"proxycommand", "ProxyCommand"},
     {"identityfile", "IdentityFile"},
     {"certificatefile", "CertificateFile"},
     {"identityagent", "IdentityAgent"},
     {"identitiesonly", "IdentitiesOnly"}}};

Answers answers_in(const std::string& text) {
  Answers out;
  for (const auto& line : base::lines(text)) {
    const auto space = line.find(' ');
    if (space != std::string::npos) out.emplace(line.substr(0, space), std::string(base::trim(line.substr(space + 1))));
  }
  return out;
}

std::string first(const Answers& answers, const std::string& key) {
  const auto found = answers.lower_bound(key);
  return found == answers.end() || found->first != key ? "" : found->second;
}

/// As one word of ssh_config, if it has blanks and names a file.
std::string as_value(std::string_view key, const std::string& value) {
  const bool file = key == "identityfile" || key == "certificatefile" || key == "identityagent";
  return file && value.find(' ') != std::string::npos ? "\"" + value + "\"" : value;
}

std::string ask(const std::vector<std::string>& argv, const std::filesystem::path& scratch,
                const base::Context& context) {
  base::Command command;
  command.argv = argv;
  command.env = remote::ssh_environment(context.environment);
  command.stdout_to = scratch / "settings";
  command.deadline = kPatience;
  const auto outcome = context.runner.run(command, context.cancel);
  if (outcome.timed_out)
    throw base::Error(fmt::format("ssh -G: no answer within {} s", kPatience.count()))
        .with_hint("look for Match exec in your ssh_config");
  if (outcome.status != 0) throw base::Error(fmt::format("ssh -G: {}", base::printable(base::trim(outcome.tail), 400)));
  return base::read_file(command.stdout_to, kLongestAnswer);
}

}  // namespace

Login parse_login(const std::string& typed) {
  const auto at = typed.rfind('@');
  Login out;
  out.user = at == std::string::npos ? "" : typed.substr(0, at);
  out.host = at == std::string::npos ? typed : typed.substr(at + 1);
  const auto shown = base::printable(typed);
  if (typed.starts_with("ssh://"))
    throw base::Error(fmt::format("\"{}\": an address of this form is not taken", shown), base::Exit::usage)
        .with_hint("name the host alone, and the port of its sshd with --ssh-port");
  const bool user_fits = at == std::string::npos || setup::is_host_name(out.user);
  const auto address = out.host.substr(0, out.host.find('%'));
  const bool host_fits =
      setup::is_host_name(out.host) ||
      (openssh::parse_address(address) &&
       (address == out.host || setup::is_host_name(std::string_view(out.host).substr(address.size() + 1))));
  if (!user_fits || !host_fits)
    throw base::Error(fmt::format("\"{}\" is not a host; expected [USER@]HOST", shown), base::Exit::usage);
  if (openssh::real_name_of(out.host) != out.host)
    throw base::Error(fmt::format("\"{}\" is the name of an initramfs; setup logs in to the running system", shown),
                      base::Exit::usage)
        .with_hint(fmt::format("dracut-sshd setup {}",
                               (out.user.empty() ? "" : out.user + "@") + openssh::real_name_of(out.host)));
  return out;
}

std::vector<std::string> login_options(const Login& login) {
  std::vector<std::string> out;
  const auto add = [&out](const char* option, const std::string& value) {
    if (!value.empty()) out.insert(out.end(), {option, value});
  };
  add("-F", login.config);
  add("-i", login.identity);
  add("-p", login.port);
  add("-l", login.user);
  return out;
}

ClientSettings settings_from(const std::string& of_host, const std::string& defaults) {
  const auto found = answers_in(of_host);
  const auto plain = answers_in(defaults);
  ClientSettings out;
  out.host_name = first(found, "hostname");
  out.port = first(found, "port");
  out.known_hosts = {first(found, "userknownhostsfile"), first(found, "globalknownhostsfile")};
  out.host_key_alias = first(found, "hostkeyalias");
  for (const auto& [key, keyword] : kCarriedOver) {
    const auto [begin, end] = found.equal_range(std::string(key));
    const auto [plain_begin, plain_end] = plain.equal_range(std::string(key));
    for (auto each = begin; each != end; ++each) {
      const bool standard =
          std::any_of(plain_begin, plain_end, [&](const auto& other) { return other.second == each->second; });
      // A quote in a file's name has no spelling that all versions of ssh read alike.
      const bool can_be_written = as_value(key, each->second).find('"', 1) == std::string::npos ||
                                  each->second.find('"') == std::string::npos || key == "proxycommand";
      if (!standard && each->second != "none" && can_be_written)
        out.options.push_back(fmt::format("{} {}", keyword, as_value(key, each->second)));
    }
  }
  return out;
}

ClientSettings client_settings(const Login& login, const std::set<std::string>& lacks,
                               const std::filesystem::path& scratch, const base::Context& context) {
  std::vector<std::string> argv{"ssh", "-T"};
  const auto options = login_options(login);
  argv.insert(argv.end(), options.begin(), options.end());
  // With these ssh may refuse a call without a command, or with one.
  for (const std::string option : {"RemoteCommand=none", "SessionType=default", "ForkAfterAuthentication=no"}) {
    if (!lacks.contains(option.substr(0, option.find('=')))) argv.insert(argv.end(), {"-o", option});
  }
  argv.insert(argv.end(), {"-G", "--", login.host});
  const auto of_host = ask(argv, scratch, context);
  return settings_from(of_host, ask({"ssh", "-F", "none", "-T", "-G", "--", "localhost"}, scratch, context));
}

}  // namespace desk
