// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "rehearsal/plan.hpp"

namespace rehearsal {

[[nodiscard]] Plan plan_of(const inspect::Facts& facts, const Wishes& wishes);

/// Words of a command line that a rehearsal leaves away, each with the reason; "" for a word that stays.
[[nodiscard]] std::string why_dropped(const std::string& word);

}  // namespace rehearsal
