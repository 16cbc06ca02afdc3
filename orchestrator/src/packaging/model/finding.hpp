// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace model {

enum class Severity { warning, error };

/// A fault in what a user wrote. Findings are values: all of them are reported at once.
struct Finding {
  Severity severity = Severity::error;
  std::string where;    // "distros/fedora.json: /package/requires/dracut"
  std::string message;  // "expected an object, got 3"
  std::string hint;     // what to do; may be empty
  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

[[nodiscard]] bool has_errors(const Findings& findings);
/// "error: WHERE: MESSAGE\n  hint: HINT\n" for each.
[[nodiscard]] std::string to_text(const Findings& findings);

}  // namespace model
