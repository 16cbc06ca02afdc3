// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet/outcomes.hpp"

#include <algorithm>

namespace fleet {

using remote::Outcome;

bool is_well(Outcome outcome) { return outcome == Outcome::unlocked || outcome == Outcome::already_up; }

int exit_status(const std::vector<remote::Unlocked>& results, bool detailed) {
  const auto any = [&](auto&& fits) {
    return std::ranges::any_of(results, [&](const auto& each) { return fits(each.outcome); });
  };
  const auto all = [&](auto&& fits) {
    return std::ranges::all_of(results, [&](const auto& each) { return fits(each.outcome); });
  };
  if (any([](Outcome each) { return each == Outcome::wrong_key || each == Outcome::unsealed; })) return kWrongKey;
  if (!results.empty() && all([](Outcome each) { return each == Outcome::no_answer; })) return kNoneAnswered;
  if (!all(is_well)) return kSomeFailed;
  if (detailed && all([](Outcome each) { return each == Outcome::already_up; })) return kNoneNeeded;
  return kAllOpen;
}

}  // namespace fleet
