// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/ssh.hpp"

#include <array>
#include <string_view>

namespace remote {
namespace {

constexpr std::string_view kEnding = "-initramfs";
constexpr int kSshFailed = 255;  // ssh(1), EXIT STATUS

/// What ssh and its keys' agents need of the caller's environment.
constexpr std::array kPassedOn{"HOME",          "USER",       "LOGNAME",         "PATH",           "SSH_AUTH_SOCK",
                               "SSH_AGENT_PID", "KRB5CCNAME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

std::string alias_of(const std::string& host) { return host.ends_with(kEnding) ? host : host + std::string(kEnding); }

std::string real_name_of(const std::string& host) {
  return host.ends_with(kEnding) ? host.substr(0, host.size() - kEnding.size()) : host;
}

base::Command ssh_command(const Target& target, System system, const std::string& remote_command,
                          const Secret* passphrase, const std::map<std::string, std::string>& environment) {
  base::Command out;
  out.argv = {"ssh", "-T"};
  const auto option = [&](const std::string& text) {
    out.argv.emplace_back("-o");
    out.argv.push_back(text);
  };
  if (!target.config.empty()) out.argv.insert(out.argv.end(), {"-F", target.config});
  // An older client ends at an option that it does not know.
  option("IgnoreUnknown=KnownHostsCommand,UpdateHostKeys");
  for (const auto* text :
       {"BatchMode=yes", "CheckHostIP=no", "VerifyHostKeyDNS=no", "UpdateHostKeys=no", "KnownHostsCommand=none",
        "ControlMaster=no", "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes", "PermitLocalCommand=no",
        "RequestTTY=no", "LogLevel=ERROR", "ConnectTimeout=10", "ConnectionAttempts=1", "ServerAliveInterval=5",
        "ServerAliveCountMax=4"})
    option(text);
  const bool early = system == System::initramfs;
  option("ControlPath=" + (early && !target.control.empty() ? target.control : "none"));
  option(std::string("StrictHostKeyChecking=") + (early && target.trust_new ? "accept-new" : "yes"));
  if (early) option("HostKeyAlias=" + target.alias);
  if (early && !target.known_hosts.empty()) {
    option("UserKnownHostsFile=" + target.known_hosts);
    option("GlobalKnownHostsFile=none");
  }
  if (target.only_identity) option("IdentitiesOnly=yes");
  if (!target.identity.empty()) out.argv.insert(out.argv.end(), {"-i", target.identity});
  if (!target.port.empty() && (early || target.same_port)) out.argv.insert(out.argv.end(), {"-p", target.port});
  out.argv.insert(out.argv.end(),
                  {"-l", target.user, "--", early ? target.host : real_name_of(target.host), remote_command});
  for (const auto* name : kPassedOn) {
    if (const auto found = environment.find(name); found != environment.end()) out.env.insert(*found);
  }
  out.env["LC_ALL"] = "C";  // its words are read
  if (passphrase != nullptr) out.data[0] = passphrase->bytes() + "\n";
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
