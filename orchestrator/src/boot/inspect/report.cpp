// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

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

nlohmann::ordered_json findings_json(const Findings& findings) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& finding : findings)
    out.push_back({{"id", finding.id},
                   {"severity", name_of(finding.severity)},
                   {"message", finding.message},
                   {"remedy", finding.remedy}});
  return out;
}

Answer answer_of(const Findings& findings) {
  const auto has = [&](Severity severity) {
    return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.severity == severity; });
  };
  if (has(Severity::error)) return Answer::will_not;
  return has(Severity::unknown) ? Answer::cannot_tell : Answer::will_let_in;
}

}  // namespace inspect
