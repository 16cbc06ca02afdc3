// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/rehearse.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "rehearsal/rehearsal_report.hpp"

namespace admin {
namespace {

namespace fs = std::filesystem;

void put(std::string_view text) {
  base::print(text);
  std::fflush(stdout);  // steps are seen as they happen, through a pipe, too
}

rehearsal::Request request_of(const RehearseArguments& arguments) {
  rehearsal::Request out;
  out.wishes = {arguments.as_is, arguments.breaks, arguments.root, arguments.disks};
  out.image = arguments.image;
  out.kernel = arguments.kernel;
  out.release = arguments.release;
  out.cmdline = arguments.cmdline;
  out.key = arguments.key;
  out.secure_boot_keys = arguments.secure_boot_keys;
  out.no_firmware = arguments.no_firmware;
  out.wrong_passphrase = arguments.wrong;
  out.interactive = arguments.interactive;
  out.emulate = arguments.emulate;
  out.memory = arguments.memory;
  out.patience = arguments.patience;
  return out;
}

std::string line_of(const rehearsal::Step& step) {
  const auto& kind = rehearsal::kind_of(step.id);
  return fmt::format("{:>6.1f} s  {:<6}  {}{}\n", step.at, step.done ? "ok" : "FAILED", kind.title,
                     step.detail.empty() ? "" : ": " + step.detail);
}

/// Where a failed rehearsal is kept when nobody has named a folder.
fs::path folder_of_its_own(const std::map<std::string, std::string>& environment) {
  fs::path top;
  if (const auto state = environment.find("XDG_STATE_HOME");
      state != environment.end() && state->second.starts_with('/'))
    top = state->second;
  else if (const auto home = environment.find("HOME"); home != environment.end() && home->second.starts_with('/'))
    top = fs::path(home->second) / ".local/state";
  if (top.empty()) return {};
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[32];
  (void)std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  auto folder = top / "dracut-sshd" / fmt::format("rehearsal-{}", text);
  for (int number = 2; fs::exists(folder); ++number)
    folder = top / "dracut-sshd" / fmt::format("rehearsal-{}-{}", text, number);
  return folder;
}

std::string why_failed(const rehearsal::Report& report) {
  std::string out;
  for (const auto& finding : report.explanation) {
    out += fmt::format("\n{} {}: {}\n", inspect::name_of(finding.severity), finding.id,
                       base::printable(finding.message, 600));
    if (!finding.remedy.empty()) out += fmt::format("  -> {}\n", base::printable(finding.remedy, 600));
  }
  const auto add = [&](const char* head, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    out += fmt::format("\n{}\n", head);
    for (const auto& line : lines) out += "  " + line + "\n";
  };
  add("What sshd says:", rehearsal::words_of_sshd(report, 8));
  add("The console's last lines:", rehearsal::console_tail(report, 12));
  return out;
}

std::string verdict_of(const rehearsal::Report& report) {
  std::string out;
  for (const auto& change : report.changes) out += fmt::format("note: {}\n", base::printable(change, 600));
  if (report.passed && report.encrypted == 0)
    return out + "The next boot lets a key in, and goes on by itself: there is nothing to unlock.\n";
  if (report.passed) return out + "The next boot waits, lets a key in, and goes on when it is unlocked.\n";
  return why_failed(report) + "\n" + out + "The rehearsal FAILED: do not count on the next boot.\n";
}

}  // namespace

int rehearse(const RehearseArguments& arguments, const base::Context& context) {
  // Noticed now, and not when all has been seen.
  if (!arguments.report.empty() && fs::exists(fs::symlink_status(arguments.report)))
    throw base::Error(arguments.report + ": it is there already", base::Exit::usage)
        .with_hint("name a folder that is not there yet: --report FOLDER");
  rehearsal::Observer observer;
  observer.status = [&](const std::string& text) { context.console.status(text); };
  observer.step = [&](const rehearsal::Step& step) {
    context.console.clear_status();
    if (arguments.json)
      context.console.line(std::string(base::trim(line_of(step))));
    else
      put(line_of(step));
  };
  if (arguments.console)
    observer.console = [&](const std::string& line) { context.console.line("| " + base::printable(line, 300)); };
  observer.waiting = [&](const std::string& command, const std::string& passphrase) {
    context.console.line(
        fmt::format("The machine waits. In another terminal:\n  {}\nand there: unlock. The passphrase of these scratch "
                    "disks is {}\nCtrl-C "
                    "ends it all.",
                    command, passphrase));
  };
  const auto report = rehearsal::rehearse(request_of(arguments), context, observer);
  context.console.clear_status();
  fs::path folder = arguments.report;
  if (folder.empty() && !report.passed) folder = folder_of_its_own(context.environment);
  std::optional<base::Error> lost;
  try {
    if (!folder.empty()) rehearsal::keep(report, folder);
  } catch (const base::Error& error) {  // what was seen is said all the same
    lost = error;
    folder.clear();
  }
  if (arguments.json) {
    auto document = rehearsal::to_json(report);
    if (!folder.empty()) document["folder"] = folder.string();
    put(document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
  } else {
    put(verdict_of(report));
    if (!folder.empty()) put(fmt::format("Report: {}\n", (folder / "report.html").string()));
  }
  if (lost && !arguments.report.empty()) throw *lost;
  if (lost) context.console.line(fmt::format("no report is kept: {}", lost->what()));
  return report.passed ? 0 : 1;
}

}  // namespace admin
