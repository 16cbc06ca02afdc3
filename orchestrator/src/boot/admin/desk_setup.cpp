// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "admin/findings_text.hpp"
#include "admin/named_keys.hpp"
#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/output.hpp"
#include "base/program.hpp"
#include "base/text.hpp"
#include "desk/run_setup.hpp"
#include "detect/candidate_keys.hpp"
#include "setup/client_page.hpp"
#include "setup/qr.hpp"

namespace admin {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> options_for_host(const SetupArguments& arguments) {
  std::vector<std::string> out;
  // --key names a file of this desk's: the host gets its lines. A private key never leaves the desk.
  for (const auto& line : named_keys(arguments.keys, detect::seconds_now())) out.insert(out.end(), {"--key", line});
  const auto flag = [&out](bool is_set, const char* name) {
    if (is_set) out.emplace_back(name);
  };
  flag(arguments.unlock_only, "--unlock-only");
  flag(!arguments.own_host_key, "--no-host-key");
  flag(arguments.seal, "--seal");
  if (!arguments.port.empty()) out.insert(out.end(), {"--port", arguments.port});
  flag(!arguments.network, "--no-network");
  flag(!arguments.install, "--no-install");
  flag(arguments.replace_generator, "--replace-generator");
  flag(!arguments.rehearse, "--no-rehearse");
  return out;
}

desk::Request request_of(const SetupArguments& arguments) {
  if (arguments.check) throw base::Error("--check is for the machine that it runs on", base::Exit::usage);
  desk::Request out;
  out.login = desk::parse_login(arguments.host);
  // They are named in what is written and printed for later.
  if (!arguments.ssh_config.empty()) out.login.config = std::filesystem::absolute(arguments.ssh_config).string();
  if (!arguments.identity.empty()) out.login.identity = std::filesystem::absolute(arguments.identity).string();
  out.login.port = arguments.ssh_port;
  out.options = options_for_host(arguments);
  out.yes = arguments.yes;
  out.dry_run = arguments.dry_run;
  out.remove = arguments.remove;
  out.json = arguments.json;
  out.program = arguments.program;
  out.write_config = arguments.write_config;
  std::error_code ignored;
  if (!arguments.html.empty() && std::filesystem::exists(arguments.html, ignored))
    throw base::Error(base::printable(arguments.html, 4096) + ": is there already; expected a new file",
                      base::Exit::usage);
  return out;
}

std::string row(const std::string& head, const std::string& text) { return fmt::format("  {:<12} {}\n", head, text); }

std::string host_text(const desk::HostResult& result) {
  std::string out;
  for (const auto& file : result.written)
    out += row("written", base::printable(file.path, 1000) +
                              (file.purpose.empty() ? "" : " (" + base::printable(file.purpose, 400) + ")"));
  if (result.written.empty()) out += row("written", "nothing: all files are as they should be");
  for (const auto& file : result.kept)
    out += row("kept", base::printable(file.path, 1000) + (file.purpose.empty() ? "" : ": ") +
                           base::printable(file.purpose, 400));
  for (const auto& print : result.fingerprints) out += row("host key", print);
  for (const auto& note : result.notes) out += row("note", base::printable(note, 1000));
  const auto bad = findings_text(result.findings, true);
  return bad.empty() ? out : out + "\n" + bad;
}

/// A file's name for people: "~/.ssh/config".
std::string shown_path(const std::string& path, const base::Context& context) {
  const auto home = context.environment.find("HOME");
  const bool below =
      home != context.environment.end() && home->second.size() > 1 && path.starts_with(home->second + "/");
  return base::printable(below ? "~" + path.substr(home->second.size()) : path, 1000);
}

/// `removed`: after --remove.
std::string client_text(const desk::Done& done, bool removed, const base::Context& context) {
  const auto& client = done.client;
  std::string out;
  const auto add_file = [&](const char* head, const std::string& file, bool changed, const std::string& already) {
    if (!file.empty()) out += row(head, shown_path(file, context) + (changed ? "" : ": " + already));
  };
  add_file("known_hosts", client.known_hosts_file, !client.appended.empty() || !client.removed.empty(),
           removed ? "has no line of setup's" : "has the key already");
  for (const auto& line : client.appended) out += row("", "+ " + base::printable(line, 4096));
  for (const auto& line : client.removed) out += row("", "- " + base::printable(line, 4096));
  add_file("ssh_config", client.stanza_file, client.stanza_changed,
           removed ? "has no stanza of setup's" : "has the stanza already");
  if (client.config_changed) out += row("", "+ Include line in " + shown_path(client.config_file, context));
  for (const auto& note : client.notes) out += row("note", base::printable(note, 4096));
  if (!client.include_line.empty())
    out += fmt::format("\nTo use the stanza, put this line at the top of {} (--write-config does it):\n  {}\n",
                       shown_path(client.config_file, context), base::printable(client.include_line, 1000));
  if (!done.lines.unlock.empty())
    out += fmt::format("\nAfter the reboot:\n  {}\n", base::printable(done.lines.unlock, 1000));
  return out;
}

ordered_json desk_json(const desk::Done& done, const std::string& host) {
  const auto& result = *done.result;
  auto written = ordered_json::array();
  for (const auto& file : result.written) written.push_back({{"path", file.path}, {"purpose", file.purpose}});
  auto kept = ordered_json::array();
  for (const auto& file : result.kept) kept.push_back({{"path", file.path}, {"why", file.purpose}});
  const auto& client = done.client;
  return {{"schema", 1},
          {"host", host},
          {"answer", answer_code(static_cast<inspect::Answer>(result.exit))},
          {"exit", result.exit},
          {"names", result.names},
          {"addresses", result.addresses},
          {"port", done.facts.port},
          {"own_host_key", result.own_host_key},
          {"host_keys", result.host_keys},
          {"known_hosts", done.lines.known_hosts},
          {"ssh_config", done.lines.ssh_config},
          {"sshfp", done.lines.sshfp},
          {"unlock", done.lines.unlock},
          {"desk",
           {{"known_hosts_file", client.known_hosts_file},
            {"known_hosts_added", client.appended},
            {"ssh_config_file", client.stanza_file},
            {"ssh_config_changed", client.stanza_changed},
            {"include_missing", client.include_line},
            {"notes", client.notes},
            {"fault", done.client_fault ? done.client_fault->what() : ""}}},
          {"written", written},
          {"unchanged", result.unchanged},
          {"kept", kept},
          {"notes", result.notes},
          {"findings", inspect::findings_json(result.findings)}};
}

void write_desk_page(const std::string& path, const desk::Done& done, const std::string& host,
                     const base::Context& context) {
  setup::PageContent page;
  page.title = host;
  page.made = fmt::format("{} UTC", base::iso_date(std::chrono::duration_cast<std::chrono::seconds>(
                                                       std::chrono::system_clock::now().time_since_epoch())
                                                       .count()));
  page.facts = done.facts;
  page.lines = done.lines;
  page.findings = done.result->findings;
  page.exit = done.result->exit;
  page.verdict = page.exit == 0   ? "The next boot lets you in."
                 : page.exit == 1 ? "The next boot does not let you in."
                                  : "Whether the next boot lets you in cannot be told.";
  page.files = done.result->written;
  if (const auto code = setup::make_qr(setup::qr_text(done.facts), context)) page.qr_svg = setup::qr_svg(*code);
  base::write_file(path, setup::page_of(page));
  context.console.line("written: " + base::printable(path, 4096));
}

void show_code(const desk::Done& done, const base::Context& context) {
  const auto code = setup::make_qr(setup::qr_text(done.facts), context);
  if (code) base::print("\n" + setup::qr_terminal(*code));
}

}  // namespace

int desk_setup(const SetupArguments& arguments, const base::Context& context) {
  const auto request = request_of(arguments);
  const auto host = request.login.host;
  base::PrintablePieces pieces([](const std::string& text) { base::print(text); });
  const auto done = desk::run_setup(request, context, [&pieces](std::string_view bytes) { pieces.add(bytes); });
  pieces.finish();
  if (!done.result) {
    if (done.client_fault) base::tell(*done.client_fault, context.console);
    base::print(client_text(done, request.remove, context));
    if (done.status != 0 && !request.dry_run)
      context.console.line(
          fmt::format("{}: setup ended with status {}; nothing was written here", base::printable(host), done.status));
    return done.client_fault ? 1 : done.status;
  }
  if (request.json) {
    base::print(desk_json(done, host).dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n");
  } else {
    base::print(fmt::format("{}:\n{}\nThis desk:\n{}", base::printable(host), host_text(*done.result),
                            client_text(done, request.remove, context)));
    if (arguments.sshfp && !done.lines.sshfp.empty())
      base::print(fmt::format("\nDNS records:\n  {}\n", base::join(done.lines.sshfp, "\n  ")));
    if (isatty(STDOUT_FILENO) == 1) show_code(done, context);
    base::print("\n" + verdict_sentence(static_cast<inspect::Answer>(done.result->exit)) + "\n");
  }
  if (done.client_fault) base::tell(*done.client_fault, context.console);
  if (!arguments.html.empty()) write_desk_page(arguments.html, done, host, context);
  if (done.status != 0) return done.status;
  return done.client_fault ? 1 : done.result->exit;
}

}  // namespace admin
