// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/rehearsal_report.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace rehearsal {
namespace {

std::vector<std::string> last_of(std::vector<std::string> lines, std::size_t count) {
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  for (auto& line : lines) line = base::printable(base::trim(line), 300);
  return lines;
}

}  // namespace

nlohmann::ordered_json to_json(const Report& report) {
  nlohmann::ordered_json out{
      {"unlocked", report.passed},         {"image", report.image},    {"kernel", report.kernel},
      {"cmdline", report.cmdline},         {"kvm", report.kvm},        {"firmware", report.firmware},
      {"secure_boot", report.secure_boot}, {"changes", report.changes}};
  auto& steps = out["steps"] = nlohmann::ordered_json::array();
  for (const auto& step : report.steps)
    steps.push_back(
        {{"id", step.id}, {"done", step.done}, {"at", step.at}, {"seconds", step.seconds}, {"detail", step.detail}});
  if (!report.passed) {
    out["failed"] = report.steps.empty() ? "" : report.steps.back().id;
    out["explanation"] = inspect::findings_json(report.explanation);
    out["console"] = console_tail(report, 20);
    out["sshd"] = words_of_sshd(report, 20);
  }
  return out;
}

std::vector<std::string> console_tail(const Report& report, std::size_t lines) {
  auto all = base::lines(report.console);
  std::erase_if(all, [](const std::string& line) { return base::trim(line).empty(); });
  return last_of(std::move(all), lines);
}

std::vector<std::string> words_of_sshd(const Report& report, std::size_t lines) {
  std::vector<std::string> out;
  for (const auto* log : {&report.journal, &report.console}) {
    if (!out.empty()) break;
    for (const auto& line : base::lines(*log)) {
      if (line.find("sshd[") != std::string::npos || line.find("sshd-session[") != std::string::npos ||
          line.find("sshd.service") != std::string::npos)
        out.push_back(line);
    }
  }
  return last_of(std::move(out), lines);
}

void keep(const Report& report, const std::filesystem::path& folder) {
  base::make_dirs(folder.parent_path().empty() ? "." : folder.parent_path());
  if (mkdir(folder.c_str(), 0700) != 0)
    throw base::system_error(folder.string()).with_hint("name a folder that is not there yet");
  const auto put = [&](const char* name, const std::string& text) { base::write_file(folder / name, text, 0600); };
  put("report.html", to_page(report));
  put("report.json", to_json(report).dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
  put("console.log", report.console);
  put("journal.log", report.journal);
  put("qemu.log", report.qemu);
}

}  // namespace rehearsal
