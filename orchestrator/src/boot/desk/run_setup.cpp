// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk/run_setup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/files.hpp"
#include "base/find_program.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "desk/carried_program.hpp"
#include "desk/host_folder.hpp"
#include "desk/host_probe.hpp"
#include "desk/setup_call.hpp"
#include "desk/ssh_connection.hpp"
#include "desk/write_client.hpp"
#include "openssh/address.hpp"
#include "remote/ssh_settings.hpp"

namespace desk {
namespace {

constexpr std::size_t kLongestLine = 8192;  // of what the host says, before it is shown

/// A folder whose name ssh and a socket take as it is.
std::filesystem::path scratch_parent() {
  const auto parent = base::temp_parent();
  const auto text = parent.string();
  const bool plain = std::ranges::all_of(text, [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '/' || byte == '.' || byte == '_' || byte == '-';
  });
  return plain && text.starts_with('/') && text.size() <= 50 ? parent : std::filesystem::path("/tmp");
}

/// Bytes to the console, line by line.
class LineTeller {
 public:
  explicit LineTeller(base::Console& console) : console_(console) {}
  ~LineTeller() {
    if (!held_.empty()) console_.line(held_);
  }
  LineTeller(const LineTeller&) = delete;
  LineTeller& operator=(const LineTeller&) = delete;

  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      if (byte != '\n' && held_.size() < kLongestLine) {
        held_ += byte;
        continue;
      }
      console_.line(std::string(base::trim(held_)));
      held_ = byte == '\n' ? "" : std::string(1, byte);
    }
  }

 private:
  base::Console& console_;
  std::string held_;
};

/// Whether the host's setup gets the user's terminal.
bool takes_terminal(const Request& request, RootBy root, const std::string& host) {
  if (root == RootBy::none)
    throw base::Error(fmt::format("{}: setup needs root, and the user has no sudo there", host))
        .with_hint(fmt::format("dracut-sshd setup root@{}", host));
  const bool asks = !request.yes && !request.dry_run;
  if (!asks && root != RootBy::asks) return false;
  const auto why = asks ? std::string("setup asks questions") : fmt::format("sudo on {} asks for a password", host);
  const auto hint = asks ? std::string("answer them by options, and add --yes")
                         : fmt::format("log in as root: dracut-sshd setup root@{}", host);
  if (request.json) throw base::Error(why + ", which does not go with --json", base::Exit::usage).with_hint(hint);
  if (::isatty(STDIN_FILENO) != 1)
    throw base::Error(why + ", and standard input is not a terminal", base::Exit::usage).with_hint(hint);
  return true;
}

/// The path on the host of a program that is as new as this one: its own, or one that was carried there.
std::string program_on(const Connection& connection, const HostFolder& folder, const HostProbe& probe,
                       const Request& request, base::Console& console) {
  const auto host = base::printable(connection.login().host);
  if (request.program.empty() && is_as_new(probe.version, base::kVersion)) return probe.program;
  const auto carried = program_for(probe.machine, request.program, host);
  console.status(fmt::format("{}: copying dracut-sshd", host));
  folder.put("dracut-sshd", carried.file.get());
  console.clear_status();
  auto path = folder.path() + "/dracut-sshd";
  std::string said;
  const auto keep = [&said](std::string_view bytes) {
    if (said.size() < kLongestLine) said += bytes;
  };
  const int status = connection.run(path + " --version", keep, keep);
  if (status != 0 || !said.starts_with("dracut-sshd "))
    throw base::Error(fmt::format("{}: the copied dracut-sshd does not run there (status {}): {}", host, status,
                                  base::printable(base::trim(said), 300)));
  return path;
}

class Desk {
 public:
  Desk(const Request& request, const base::Context& context, const ShowText& show)
      : request_(request),
        context_(context),
        show_(show),
        scratch_(scratch_parent(), "dracut-sshd-desk."),
        lacks_(remote::SshQuestions(scratch_.path(), context).lacking()),
        settings_(client_settings(request.login, lacks_, scratch_.path(), context)),
        host_(base::printable(request.login.host)) {}

  Done run() {
    Done out;
    std::string answer;
    std::string server_port;
    {
      Connection connection(request_.login, scratch_.path(), lacks_, context_);
      const auto probe = parse_probe(connection.open(probe_script(), kLongestProbe));
      server_port = probe.server_port;
      const bool terminal = takes_terminal(request_, probe.root, host_);
      const HostFolder folder(connection, scratch_.path(), context_);
      const SetupCall call{program_on(connection, folder, probe, request_, context_.console),
                           probe.root,
                           request_.options,
                           request_.yes,
                           request_.dry_run,
                           request_.remove};
      out.status = terminal ? at_terminal(connection, folder, call, answer) : piped(connection, call, answer);
    }
    read(answer, server_port, out);
    return out;
  }

 private:
  int at_terminal(const Connection& connection, const HostFolder& folder, const SetupCall& call, std::string& answer) {
    folder.put("run", terminal_script(call, folder.path() + "/result"));
    const int status = connection.session("/bin/sh " + folder.path() + "/run");
    // Otherwise nothing was done, or not all of it.
    const bool done = status == 0 || status == static_cast<int>(inspect::Answer::cannot_tell);
    if (done && !request_.remove && !request_.dry_run) answer = folder.get("result", kLongestResult);
    return status;
  }

  int piped(const Connection& connection, const SetupCall& call, std::string& answer) {
    LineTeller words(context_.console);
    const auto tell = [&words](std::string_view bytes) { words.add(bytes); };
    // What changes nothing is shown as the host has it; so is a removal, which leaves nothing to say for a client.
    const bool as_json = request_.json || (!request_.dry_run && !request_.remove);
    if (!as_json || request_.remove) return connection.run_script(piped_script(call, as_json), show_, tell);
    return connection.run_script(
        piped_script(call, true),
        [&](std::string_view bytes) {
          if (answer.size() + bytes.size() > kLongestResult)
            throw base::Error(fmt::format("{}: setup --json: longer than {}", host_, base::human_size(kLongestResult)));
          answer += bytes;
        },
        tell);
  }

  void read(const std::string& answer, const std::string& server_port, Done& out) {
    if (base::trim(answer).empty()) {
      if (request_.remove && out.status == 0) forget(out);
      const bool shown = request_.remove || (request_.dry_run && !request_.json);
      if (!shown && out.status == 0) throw base::Error(fmt::format("{}: setup said nothing", host_));
      return;
    }
    try {
      out.result = parse_result(answer);
    } catch (const base::Error& error) {
      throw error.with_context(host_);
    }
    out.facts = facts_for_desk(*out.result, request_.login, settings_, server_port);
    out.lines = setup::client_lines(out.facts);
    out.lines.unlock = out.facts.host_keys.empty() ? "" : unlock_command(request_.login, out.facts);
    if (request_.dry_run || out.lines.known_hosts.empty()) return;
    try {
      out.client = write_client({request_.login, settings_, lacks_, out.facts, out.lines, request_.write_config},
                                scratch_.path(), context_);
    } catch (const base::Error& error) {
      out.client_fault = error;
    }
  }

  void forget(Done& out) {
    try {
      const auto facts = facts_for_desk({}, request_.login, settings_, "");
      out.client = forget_client(request_.login, settings_, facts, scratch_.path(), context_);
    } catch (const base::Error& error) {
      out.client_fault = error;
    }
  }

  const Request& request_;
  const base::Context& context_;
  const ShowText& show_;
  base::TempDir scratch_;
  std::set<std::string> lacks_;
  ClientSettings settings_;
  std::string host_;
};

}  // namespace

setup::ClientFacts facts_for_desk(const HostResult& result, const Login& login, const ClientSettings& settings,
                                  const std::string& server_port) {
  setup::ClientFacts out;
  const auto add = [&out](const std::string& name) {
    const auto address = openssh::parse_address(std::string_view(name).substr(0, name.find('%')));
    auto& list = address ? out.addresses : out.names;
    if (std::ranges::find(list, name) == list.end()) list.push_back(name);
  };
  out.unsealed_keys = result.unsealed_host_keys;
  add(login.host);
  // A tunnel's end is no name of one machine.
  const auto address = openssh::parse_address(settings.host_name);
  if (!settings.host_name.empty() && !(address && openssh::is_loopback(*address))) add(settings.host_name);
  out.host_name = settings.host_name;
  out.login_port = settings.port.empty() ? "22" : settings.port;
  const bool same = server_port.empty() ? result.port == "22" : result.port == server_port;
  out.port = same ? out.login_port : result.port;
  out.host_keys = result.host_keys;
  out.fingerprints = result.fingerprints;
  out.own_keys = result.own_host_key;
  out.ssh_options = settings.options;
  return out;
}

std::string unlock_command(const Login& login, const setup::ClientFacts& facts) {
  std::vector<std::string> out{"dracut-sshd", "unlock"};
  const auto add = [&out](const char* option, const std::string& value) {
    if (!value.empty()) out.insert(out.end(), {option, value});
  };
  add("-F", login.config);
  add("-i", login.identity);
  // Of the initramfs alone, unless told otherwise.
  if (!login.port.empty() || facts.port != facts.login_port) add("--port", facts.port);
  if (!login.port.empty() && facts.port == facts.login_port) out.emplace_back("--same-port");
  out.push_back(login.user.empty() ? login.host : login.user + "@" + login.host);
  return base::shell_quote(out);
}

Done run_setup(const Request& request, const base::Context& context, const ShowText& show) {
  const auto path = context.environment.find("PATH");
  if (!base::find_program("ssh", path == context.environment.end() ? "/usr/bin:/bin" : path->second))
    throw base::Error("ssh is not installed", base::Exit::missing_tool).with_hint("install OpenSSH's client");
  return Desk(request, context, show).run();
}

}  // namespace desk
