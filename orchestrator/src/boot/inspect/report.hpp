// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

/// What an inspection found. Findings are values: all of them are reported at once.
namespace inspect {

/// How bad it is for somebody who wants to log in while the machine boots.
enum class Severity {
  good,     // the check passes
  note,     // worth knowing
  warning,  // it may matter
  unknown,  // it cannot be told from what is here, and could keep somebody out
  error,    // it keeps everybody out, or the machine from being unlocked
};

[[nodiscard]] std::string_view name_of(Severity severity);

struct Finding {
  std::string id;  // of the check (check_list.hpp)
  Severity severity = Severity::error;
  std::string message;  // what is so, with the evidence: paths, lines, values
  std::string remedy;   // what to do or to type; may be empty
  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

/// A list of objects: id, severity, message, remedy.
[[nodiscard]] nlohmann::ordered_json findings_json(const Findings& findings);

/// The exit statuses of `dracut-sshd inspect` (dracut-sshd(1)).
enum class Answer : int { will_let_in = 0, will_not = 1, cannot_tell = 4 };

[[nodiscard]] Answer answer_of(const Findings& findings);

}  // namespace inspect
