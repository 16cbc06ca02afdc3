// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "rehearsal/rehearsal_report.hpp"

namespace rehearsal {
namespace {

constexpr double kWidth = 900;
constexpr double kLeft = 320;  // for the words
constexpr double kRow = 24;

constexpr std::string_view kStyle =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1d2430}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}.good{color:#1f7a3d}.bad{color:#b3261e}"
    "pre{background:#f4f5f7;padding:.8rem;overflow:auto;max-height:30rem;font-size:12px}"
    "table{border-collapse:collapse}td{padding:.15rem .8rem .15rem 0;vertical-align:top}svg{max-width:100%;height:auto}"
    "code{font-size:13px;overflow-wrap:anywhere}";

std::string escaped(std::string_view text) { return render::xml(base::printable(text, 400)); }

/// Of a log: line by line, because the escaper takes one line.
std::string block(std::string_view text) {
  std::string out = "<pre>";
  for (const auto& line : base::lines(text)) out += render::xml(base::printable(line, 600)) + "\n";
  return out + "</pre>\n";
}

/// A bar for each step, from the end of the step before, and how long it took; the tooltip has the time since the
/// start.
std::string timeline(const std::vector<Step>& steps) {
  if (steps.empty()) return {};
  const double total = std::max(steps.back().at, 0.1);
  const double scale = (kWidth - kLeft - 70) / total;
  const double height = kRow * static_cast<double>(steps.size()) + 30;
  std::string out = fmt::format(
      R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="Timeline" font-family="system-ui,sans-serif" font-size="13">)",
      kWidth, height);
  double y = 4;
  for (const auto& step : steps) {
    const double x = kLeft + (step.at - step.seconds) * scale;
    out += fmt::format(
        R"(<g><title>at {:.1f} s: {}</title><text x="0" y="{:.1f}">{}</text><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="14" rx="2" fill="{}"/>)"
        R"(<text x="{:.1f}" y="{:.1f}" fill="#555">{:.1f} s</text></g>)",
        step.at, escaped(step.detail), y + 13, escaped(kind_of(step.id).title), x, y + 2,
        std::max(step.seconds * scale, 1.5), step.done ? "#4c9a6a" : "#c4473d",
        x + std::max(step.seconds * scale, 1.5) + 5, y + 13, step.seconds);
    y += kRow;
  }
  return out + "</svg>\n";
}

/// A heading with nothing below it looks like a page that broke off.
std::string changes(const std::vector<std::string>& all) {
  if (all.empty()) return "<p>Nothing.</p>\n";
  std::string out = "<ul>";
  for (const auto& change : all) out += fmt::format("<li>{}</li>", render::xml(base::printable(change, 600)));
  return out + "</ul>\n";
}

std::string findings(const inspect::Findings& all) {
  std::string out;
  for (const auto& finding : all) {
    if (finding.severity == inspect::Severity::good) continue;
    out += fmt::format("<tr><td>{}</td><td><code>{}</code></td><td>{}{}</td></tr>\n",
                       inspect::name_of(finding.severity), escaped(finding.id), escaped(finding.message),
                       finding.remedy.empty() ? "" : "<br>" + escaped(finding.remedy));
  }
  return out.empty() ? "<p>No problems.</p>\n" : "<table>" + out + "</table>\n";
}

}  // namespace

std::string to_page(const Report& report) {
  const auto title = report.passed
                         ? std::string("The rehearsal passed: this boot waits, lets a key in, and continues")
                         : fmt::format("The rehearsal failed. Not seen: {}",
                                       report.steps.empty() ? "anything" : kind_of(report.steps.back().id).title);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{0}</title><style>{1}</style></head><body>\n<h1 class=\"{2}\">{0}</h1>\n",
      escaped(title), kStyle, report.passed ? "good" : "bad");
  out += "<h2>What was different from the real boot</h2>" + changes(report.changes);
  out += fmt::format("<h2>How long each step took</h2><p>{:.1f} s in all.</p>",
                     report.steps.empty() ? 0 : report.steps.back().at) +
         timeline(report.steps);
  if (!report.passed && !report.steps.empty()) {
    out += fmt::format("<h2>Why</h2><p>{}</p>", escaped(report.steps.back().detail)) + findings(report.explanation);
    out += "<h2>What sshd said</h2>" + block(base::join(words_of_sshd(report, 40), "\n"));
  }
  out += fmt::format(
      "<h2>What was "
      "booted</h2><table><tr><td>image</td><td><code>{}</code></td></tr><tr><td>kernel</td><td><code>{}</code>"
      "</td></tr><tr><td>command line</td><td><code>{}</code></td></tr><tr><td>processor</td><td>{}</td></tr></table>",
      escaped(report.image), escaped(report.kernel), render::xml(base::printable(report.cmdline, 4096)),
      report.kvm ? "the machine's own (KVM)" : "emulated");
  out += "<h2>What inspect found</h2>" + findings(report.findings);
  out += "<h2>The console</h2>" + block(report.console) + "<h2>The journal</h2>" + block(report.journal);
  return out + "</body></html>\n";
}

}  // namespace rehearsal
