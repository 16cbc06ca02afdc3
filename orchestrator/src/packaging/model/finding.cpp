// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/finding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace model {

bool has_errors(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::error; });
}

std::string to_text(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += finding.severity == Severity::error ? "error: " : "warning: ";
    if (!finding.where.empty()) text += finding.where + ": ";
    text += finding.message + "\n";
    if (!finding.hint.empty()) text += fmt::format("  hint: {}\n", finding.hint);
  }
  return text;
}

}  // namespace model
