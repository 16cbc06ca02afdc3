// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/ssh.hpp"

#include <array>
#include <string_view>

#include "base/text.hpp"
#include "openssh/host_alias.hpp"

namespace remote {
namespace {

/// What ssh and its keys' agents need of the caller's environment.
constexpr std::array kPassedOn{"HOME",
                               "USER",
                               "LOGNAME",
                               "PATH",
                               "SSH_AUTH_SOCK",
                               "SSH_AGENT_PID",
                               "KRB5CCNAME",
                               "XDG_RUNTIME_DIR",
                               "XDG_CONFIG_HOME",
                               "CREDENTIALS_DIRECTORY"};

/// KnownHostsCommand runs for each key that a host shows, with the key in its arguments. It prints none: nothing
/// becomes known by it. `file` holds no character that ssh or the shell would read otherwise (host_proof.hpp).
std::string recorder(const std::string& file) {
  return "/bin/sh -c 'echo \"$1 $2 $3\" >>\"$0\"' " + file + " %I %t %K";
}

/// Those that depend on whom it is for.
std::vector<std::string> options_of(const Target& target, System system, const Watch& watch) {
  const bool early = system == System::initramfs;
  const bool any_key = early && target.trust_new && watch.agent.empty();
  std::vector<std::string> out{"KnownHostsCommand=" + (watch.offered.empty() ? "none" : recorder(watch.offered)),
                               "ControlPath=" + (early && !target.control.empty() ? target.control : "none"),
                               std::string("StrictHostKeyChecking=") + (any_key ? "accept-new" : "yes")};
  if (early) out.push_back("HostKeyAlias=" + target.alias);
  if (!early && !target.real_alias.empty()) out.push_back("HostKeyAlias=" + target.real_alias);
  if (!target.addresses.empty()) out.push_back("HostName=" + target.addresses.front());
  if (!target.jump.empty()) out.push_back("ProxyJump=" + target.jump);
  if (early && !target.known_hosts.empty())
    out.insert(out.end(), {"UserKnownHostsFile=" + target.known_hosts, "GlobalKnownHostsFile=none"});
  if (target.only_identity) out.emplace_back("IdentitiesOnly=yes");
  if (!watch.agent.empty())
    out.insert(out.end(),
               {"IdentityAgent=" + watch.agent, "PubkeyAuthentication=yes", "PreferredAuthentications=publickey"});
  return out;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

const std::vector<std::string>& newer_options() {
  static const std::vector<std::string> all{
      "KnownHostsCommand",       "UpdateHostKeys", "RemoteCommand", "SessionType",       "StdinNull",
      "ForkAfterAuthentication", "AddKeysToAgent", "LogVerbose",    "GSSAPIKeyExchange", "GSSAPIDelegateCredentials"};
  return all;
}

std::map<std::string, std::string> ssh_environment(const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> out;
  for (const auto* name : kPassedOn) {
    if (const auto found = environment.find(name); found != environment.end()) out.insert(*found);
  }
  out["LC_ALL"] = "C";  // its words are shown, and a rehearsal reads them
  return out;
}

base::Command ssh_command(const Target& target, System system, const std::string& remote_command,
                          const Secret* passphrase, const std::map<std::string, std::string>& environment,
                          const Watch& watch) {
  base::Command out;
  out.argv = {"ssh", "-T"};
  const auto option = [&](const std::string& text) {
    if (target.lacks && target.lacks->contains(text.substr(0, text.find('=')))) return;
    out.argv.emplace_back("-o");
    out.argv.push_back(text);
  };
  if (!target.config.empty()) out.argv.insert(out.argv.end(), {"-F", target.config});
  // An older client ends at an option that it does not know.
  if (!target.lacks) option("IgnoreUnknown=" + base::join(newer_options(), ","));
  // Of two values ssh takes the first: nothing of a user's ssh_config may send a session elsewhere, let ssh end before
  // the remote command does, or take a host for verified that has not shown its key.
  for (const auto* text : {"BatchMode=yes",
                           "CheckHostIP=no",
                           "VerifyHostKeyDNS=no",
                           "UpdateHostKeys=no",
                           "NoHostAuthenticationForLocalhost=no",
                           "GSSAPIKeyExchange=no",
                           "GSSAPIDelegateCredentials=no",
                           "ControlMaster=no",
                           "ControlPersist=no",
                           "ForwardAgent=no",
                           "ForwardX11=no",
                           "ClearAllForwardings=yes",
                           "Tunnel=no",
                           "PermitLocalCommand=no",
                           "RequestTTY=no",
                           "RemoteCommand=none",
                           "SessionType=default",
                           "StdinNull=no",
                           "ForkAfterAuthentication=no",
                           "AddKeysToAgent=no",
                           "VisualHostKey=no",
                           "LogLevel=ERROR",
                           "LogVerbose=none",
                           "ConnectTimeout=10",
                           "ConnectionAttempts=1",
                           "ServerAliveInterval=5",
                           "ServerAliveCountMax=4"})
    option(text);
  for (const auto& text : options_of(target, system, watch)) option(text);
  const bool early = system == System::initramfs;
  if (watch.agent.empty() && !target.identity.empty()) out.argv.insert(out.argv.end(), {"-i", target.identity});
  if (!target.port.empty() && (early || target.same_port)) out.argv.insert(out.argv.end(), {"-p", target.port});
  out.argv.insert(out.argv.end(), {"-l", early || target.real_user.empty() ? target.user : target.real_user, "--",
                                   early ? target.host : openssh::real_name_of(target.host), remote_command});
  out.env = ssh_environment(environment);
  if (passphrase != nullptr) out.data[0] = std::string(passphrase->bytes()) + "\n";
  return out;
}

Reached reached(const base::Outcome& outcome) {
  if (outcome.timed_out) return Reached::no_answer;
  if (outcome.status != kSshFailed) return Reached::ran;
  const std::string_view said = outcome.tail;
  if (has(said, "REMOTE HOST IDENTIFICATION HAS CHANGED") || has(said, "differs from the key"))
    return Reached::wrong_key;
  if (has(said, "host key is known for") || has(said, "Host key verification failed")) return Reached::unknown_key;
  if (has(said, "Permission denied") || has(said, "Too many authentication failures")) return Reached::refused;
  if (has(said, "Bad configuration option") || has(said, "Bad owner or permissions") ||
      has(said, "bad configuration options") || has(said, "Can't open user config file"))
    return Reached::local_fault;
  return Reached::no_answer;
}

}  // namespace remote
