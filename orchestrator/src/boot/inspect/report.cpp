// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/report.hpp"

#include <algorithm>

namespace inspect {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::good:
      return "ok";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::unknown:
      return "unknown";
    case Severity::error:
      return "error";
  }
  return "error";
}

Answer answer_of(const Findings& findings) {
  const auto has = [&](Severity severity) {
    return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.severity == severity; });
  };
  if (has(Severity::error)) return Answer::will_not;
  return has(Severity::unknown) ? Answer::cannot_tell : Answer::will_let_in;
}

}  // namespace inspect
