// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "inspect/report.hpp"

/// Findings, and what follows from them, as `inspect`, `doctor` and `setup` print them.
namespace admin {

/// A line for each finding, and one for its remedy; `quiet`: without what is good and without notes.
[[nodiscard]] std::string findings_text(const inspect::Findings& findings, bool quiet);
[[nodiscard]] std::string verdict_sentence(inspect::Answer answer);  // coloured on a terminal
[[nodiscard]] std::string_view answer_code(inspect::Answer answer);  // "lets-in", "keeps-out", "cannot-tell"

}  // namespace admin
