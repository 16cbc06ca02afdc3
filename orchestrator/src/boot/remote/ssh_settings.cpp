// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/ssh_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/files.hpp"
#include "base/text.hpp"
#include "openssh/host_alias.hpp"

namespace remote {
namespace {

constexpr std::uint64_t kLongestAnswer = 1U << 20U;
constexpr std::chrono::seconds kPatience{30};  // Match exec and CanonicalizeHostname take their time

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return out;
}

/// "yes" and "true" are one value; some keywords are printed with the one, some with the other.
std::string plain(std::string value) {
  value = lower(value);
  if (value == "true") return "yes";
  if (value == "false") return "no";
  return value;
}

/// Whether a value that is in force serves as well as the one that was asked for.
bool fits(const std::string& key, const std::string& wanted, const std::string& found) {
  if (plain(wanted) == plain(found)) return true;
  return key == "stricthostkeychecking" && plain(wanted) == "accept-new" && plain(found) == "yes";
}

/// What must be as it was asked for: without it a session would not run its command, ssh would ask or end early, or
/// would take another key.
constexpr std::array kFixed{"batchmode",    "stricthostkeychecking",
                            "hostkeyalias", "remotecommand",
                            "sessiontype",  "forkafterauthentication",
                            "stdinnull",    "nohostauthenticationforlocalhost",
                            "requesttty",   "controlmaster"};

std::string last_words(const base::Outcome& outcome) {
  const auto lines = base::lines(outcome.tail);
  std::string out;
  for (const auto& line : lines) {
    const auto text = base::trim(line);
    if (text.empty() || text.starts_with("Pseudo-terminal will not")) continue;
    // The line of the file, not the summary behind it.
    if (out.empty() || text.find("terminating, ") == std::string_view::npos) out = base::printable(text, 200);
  }
  return out;
}

}  // namespace

SshQuestions::SshQuestions(std::filesystem::path scratch, const base::Context& context)
    : scratch_(std::move(scratch)), environment_(ssh_environment(context.environment)), context_(context) {}

Settings SshQuestions::ask(const std::vector<std::string>& argv) const {
  base::Command command;
  command.argv = argv;
  command.env = environment_;
  command.stdout_to = scratch_ / "settings";
  command.deadline = kPatience;
  const auto outcome = context_.runner.run(command, context_.cancel);
  if (outcome.timed_out)
    throw LocalFault(fmt::format("ssh -G: no answer within {} s: see Match exec in ssh_config", kPatience.count()));
  if (outcome.status != 0) {
    const auto words = last_words(outcome);
    throw LocalFault(words.empty() ? fmt::format("ssh -G: status {}", outcome.status) : words);
  }
  Settings out;
  for (const auto& line : base::lines(base::read_file(command.stdout_to, kLongestAnswer))) {
    const auto space = line.find(' ');
    if (space != std::string::npos) out.emplace(lower(line.substr(0, space)), base::trim(line.substr(space + 1)));
  }
  return out;
}

std::set<std::string> SshQuestions::lacking() const {
  const auto knows = [this](const std::vector<std::string>& options) {
    base::Command command;
    command.argv = {"ssh", "-F", "none", "-T", "-G"};
    for (const auto& option : options) {
      // A value that all take whose value is not looked at before a connection is made.
      const bool yes_or_no = option != "RemoteCommand" && option != "KnownHostsCommand" && option != "LogVerbose";
      command.argv.insert(command.argv.end(), {"-o", option + "=" +
                                                         (option == "SessionType" ? "default"
                                                          : yes_or_no             ? "no"
                                                                                  : "none")});
    }
    command.argv.insert(command.argv.end(), {"--", "localhost"});
    command.env = environment_;
    command.stdout_to = scratch_ / "settings";
    command.deadline = kPatience;
    const auto outcome = context_.runner.run(command, context_.cancel);
    // An option that was left out of this build is complained of at every call.
    return outcome.status == 0 && base::trim(outcome.tail).empty();
  };
  std::set<std::string> out;
  if (knows(newer_options())) return out;
  for (const auto& option : newer_options()) {
    if (!knows({option})) out.insert(option);
  }
  return out;
}

Settings SshQuestions::of_user(const Target& target, System system) const {
  std::vector<std::string> argv{"ssh", "-T"};
  if (!target.config.empty()) argv.insert(argv.end(), {"-F", target.config});
  // With these ssh may refuse a call without a command, or with one.
  for (const std::string option : {"RemoteCommand=none", "SessionType=default", "ForkAfterAuthentication=no"}) {
    if (!target.lacks || !target.lacks->contains(option.substr(0, option.find('='))))
      argv.insert(argv.end(), {"-o", option});
  }
  argv.insert(argv.end(), {"-G", "--", system == System::initramfs ? target.host : openssh::real_name_of(target.host)});
  return ask(argv);
}

std::string SshQuestions::own_user() const {
  const auto found = ask({"ssh", "-F", "none", "-T", "-G", "--", "localhost"});
  const auto user = found.find("user");
  return user == found.end() ? "" : user->second;
}

void SshQuestions::check(const Target& target, System system) const {
  auto call = ssh_command(target, system, "true", nullptr, environment_);
  std::vector<std::pair<std::string, std::string>> wanted;
  for (auto each = call.argv.begin(); each + 1 != call.argv.end(); ++each) {
    if (*each != "-o") continue;
    const auto& text = *(each + 1);
    const auto equals = text.find('=');
    wanted.emplace_back(lower(text.substr(0, equals)), text.substr(equals + 1));
  }
  call.argv.insert(call.argv.begin() + 1, "-G");
  const auto found = ask(call.argv);
  for (const auto& [key, value] : wanted) {
    const auto in_force = found.find(key);
    if (in_force == found.end() || std::ranges::find(kFixed, key) == kFixed.end()) continue;
    if (!fits(key, value, in_force->second))
      throw LocalFault(fmt::format("ssh_config sets {} to {} for {}; unlock needs {}", key,
                                   base::printable(in_force->second), base::printable(target.host),
                                   base::printable(value)));
  }
  // Without an override, and whatever command there is is run in the place of ours.
  if (const auto command = found.find("remotecommand"); command != found.end() && lower(command->second) != "none")
    throw LocalFault(fmt::format("ssh_config sets RemoteCommand for {}; unlock needs a session of its own",
                                 base::printable(target.host)));
  if (const auto refuse = found.find("refuseconnection"); refuse != found.end())
    throw LocalFault(fmt::format("ssh_config refuses connections to {}: {}", base::printable(target.host),
                                 base::printable(refuse->second, 200)));
}

}  // namespace remote
