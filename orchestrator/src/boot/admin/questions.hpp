// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/cancel.hpp"

namespace admin {

/// Whether somebody is there to be asked: standard input and standard error are a terminal.
[[nodiscard]] bool somebody_is_there();

/// Asks on standard error, takes a line of standard input. Enter, and the end of the input, mean `otherwise`.
/// base::Interrupted at once when `cancel` is asked.
[[nodiscard]] std::string asked(const std::string& question, const std::string& otherwise, const base::Cancel& cancel);
/// The same for yes and no; asks again until it is one.
[[nodiscard]] bool asked_yes(const std::string& question, bool otherwise, const base::Cancel& cancel);

}  // namespace admin
