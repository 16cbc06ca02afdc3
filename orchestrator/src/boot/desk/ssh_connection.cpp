// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/ssh_connection.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace desk {
namespace {

/// Reads its script from standard input: no login shell has to read a quotation.
constexpr const char* kShell = "/bin/sh -s";

/// Of two values ssh takes the first: a session runs the command that it was given, in the foreground, and forwards
/// nothing. What verifies the host and logs in stays the user's own; so does ForwardAgent.
constexpr const char* kOptions[] = {
    "ClearAllForwardings=yes", "ForwardX11=no",        "Tunnel=no",    "PermitLocalCommand=no",
    "RemoteCommand=none",      "SessionType=default",  "StdinNull=no", "ForkAfterAuthentication=no",
    "ServerAliveInterval=15",  "ServerAliveCountMax=4"};

}  // namespace

Connection::Connection(Login login, const std::filesystem::path& scratch, std::set<std::string> lacks,
                       const base::Context& context)
    : login_(std::move(login)), control_(scratch / "ssh"), lacks_(std::move(lacks)), context_(context) {}

Connection::~Connection() {
  if (!open_) return;
  base::Command command;
  command.argv = {"ssh", "-F", "none", "-o", "ControlPath=" + control_.string(), "-O", "exit", "--", login_.host};
  command.env = context_.environment;
  command.deadline = std::chrono::seconds(10);
  try {
    const base::Cancel never;  // also after the user has asked to stop
    (void)context_.runner.run(command, never);
  } catch (...) {  // it ends by itself
  }
}

base::Command Connection::command(Role role, const std::string& remote_command) const {
  base::Command out;
  out.argv = {"ssh", role == Role::terminal ? "-tt" : "-T"};
  const auto selected = login_options(login_);
  out.argv.insert(out.argv.end(), selected.begin(), selected.end());
  const auto option = [&](const std::string& text) {
    if (!lacks_.contains(text.substr(0, text.find('=')))) out.argv.insert(out.argv.end(), {"-o", text});
  };
  option("ControlPath=" + control_.string());
  for (const auto* text : kOptions) option(text);
  if (role == Role::master) {
    option("ControlMaster=yes");
    option("ControlPersist=60");
  } else {
    // Without the shared login it must not log in anew: the next words of the host's would be another connection's.
    for (const auto* text : {"ControlMaster=no", "BatchMode=yes", "ProxyCommand=false", "LogLevel=ERROR"}) option(text);
  }
  out.argv.insert(out.argv.end(), {"--", login_.host, remote_command});
  out.env = context_.environment;
  return out;
}

int Connection::checked(int status) const {
  if (status == kSshFailed)
    throw base::Error(fmt::format("{}: the ssh connection has ended", base::printable(login_.host)))
        .with_hint("if it ends each time: the host's sshd needs MaxSessions 3 or more");
  return status;
}

std::string Connection::open(const std::string& script, std::size_t limit) {
  auto call = command(Role::master, kShell);
  call.data[0] = script;
  std::string said;
  open_ = true;  // it may be up although what follows fails
  const auto host = base::printable(login_.host);
  const int status = base::run_at_terminal(
      call,
      [&](std::string_view bytes) {
        if (said.size() + bytes.size() > limit)
          throw base::Error(fmt::format("{}: its login shell prints more than {}", host, base::human_size(limit)));
        said += bytes;
      },
      context_.cancel);
  if (status == kSshFailed)
    throw base::Error(fmt::format("{}: cannot log in by ssh", host))
        .with_hint("try: ssh " + (login_.user.empty() ? "" : login_.user + "@") + login_.host);
  if (status != 0)
    throw base::Error(fmt::format("{}: /bin/sh ended with status {}", host, status))
        .with_hint("a key with command= in authorized_keys, or a login shell that takes no command, cannot be used");
  std::error_code ignored;
  if (!std::filesystem::exists(control_, ignored))
    throw base::Error(fmt::format("{}: ssh does not share the connection", host));
  return said;
}

int Connection::run(const std::string& remote_command, const base::TakeBytes& out, const base::TakeBytes& err) const {
  return checked(base::run_streamed(command(Role::member, remote_command), out, err, context_.cancel));
}

int Connection::run_script(const std::string& script, const base::TakeBytes& out, const base::TakeBytes& err) const {
  auto call = command(Role::member, kShell);
  call.data[0] = script;
  return checked(base::run_streamed(call, out, err, context_.cancel));
}

int Connection::send(const std::string& remote_command, int input, const base::TakeBytes& err) const {
  auto call = command(Role::member, remote_command);
  call.passed[0] = input;
  return checked(base::run_streamed(call, nullptr, err, context_.cancel));
}

int Connection::session(const std::string& remote_command) const {
  return base::run_at_terminal(command(Role::terminal, remote_command), nullptr, context_.cancel);
}

std::unique_ptr<base::Background> Connection::start(const std::string& remote_command, int input,
                                                    const std::filesystem::path& log) const {
  auto call = command(Role::member, remote_command);
  call.passed[0] = input;
  call.log = log;
  return std::make_unique<base::Background>(call);
}

}  // namespace desk
