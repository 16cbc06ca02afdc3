// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/findings_text.hpp"

#include <fmt/format.h>

#include "base/output.hpp"
#include "base/text.hpp"
#include "inspect/check_list.hpp"

namespace admin {
namespace {

using inspect::Severity;

std::string coloured(Severity severity, const std::string& text) {
  switch (severity) {
    case Severity::good:
      return base::coloured("32", text);
    case Severity::note:
      return text;
    case Severity::warning:
      return base::coloured("33", text);
    case Severity::unknown:
      return base::coloured("35", text);
    case Severity::error:
      return base::coloured("1;31", text);
  }
  return text;
}

}  // namespace

std::string findings_text(const inspect::Findings& findings, bool quiet) {
  std::string out;
  for (const auto& finding : findings) {
    if (quiet && (finding.severity == Severity::good || finding.severity == Severity::note)) continue;
    const auto* check = inspect::check_of(finding.id);
    auto text = finding.message;
    if (finding.severity == Severity::good && check != nullptr)
      text = std::string(check->statement) + (text.empty() ? "" : ": " + text);
    out += fmt::format("{} {:<21} {}\n", coloured(finding.severity, fmt::format("{:<8}", name_of(finding.severity))),
                       finding.id, base::printable(text, 2000));
    if (!finding.remedy.empty()) out += fmt::format("{:31}{}\n", "", base::printable("-> " + finding.remedy, 1000));
  }
  return out;
}

std::string verdict_sentence(inspect::Answer answer) {
  switch (answer) {
    case inspect::Answer::will_let_in:
      return coloured(Severity::good, "It will let you in.");
    case inspect::Answer::will_not:
      return coloured(Severity::error, "It will NOT let you in.");
    case inspect::Answer::cannot_tell:
      return coloured(Severity::unknown, "Whether it will let you in CANNOT BE TOLD from what is here.");
  }
  return {};
}

std::string_view answer_code(inspect::Answer answer) {
  switch (answer) {
    case inspect::Answer::will_let_in:
      return "lets-in";
    case inspect::Answer::will_not:
      return "keeps-out";
    case inspect::Answer::cannot_tell:
      return "cannot-tell";
  }
  return "cannot-tell";
}

}  // namespace admin
