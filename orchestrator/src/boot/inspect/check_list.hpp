// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>

/// What an image has to keep so that somebody can log in: the list that `--explain`, the manual page and the checks
/// share.
namespace inspect {

struct Check {
  std::string_view id;         // "sshd.libraries"
  std::string_view statement;  // one sentence, shown when the check passes
  std::string_view why;        // what breaks without it, and what to look at
};

/// In the order in which they are checked.
[[nodiscard]] std::span<const Check> checks();
[[nodiscard]] const Check* check_of(std::string_view id);

}  // namespace inspect
