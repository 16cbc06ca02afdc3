// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <set>

#include "fleet/outcomes.hpp"

namespace fleet {
namespace {

using remote::Outcome;

int status(const std::vector<Outcome>& outcomes, bool detailed = false) {
  std::vector<remote::Unlocked> results;
  for (const auto each : outcomes) results.push_back({each, "", 1});
  return exit_status(results, detailed);
}

TEST(FleetOutcomes, TheExitStatusTellsThemApart) {
  EXPECT_EQ(status({Outcome::unlocked, Outcome::already_up}), kAllOpen);
  EXPECT_EQ(status({Outcome::already_up}), kAllOpen);
  EXPECT_EQ(status({Outcome::already_up, Outcome::already_up}, true), kNoneNeeded);
  EXPECT_EQ(status({Outcome::already_up, Outcome::unlocked}, true), kAllOpen);
  EXPECT_EQ(status({Outcome::no_answer, Outcome::no_answer}), kNoneAnswered);
  EXPECT_EQ(status({Outcome::no_answer, Outcome::unlocked}), kSomeFailed);
  EXPECT_EQ(status({Outcome::refused, Outcome::unlocked}), kSomeFailed);
  EXPECT_EQ(status({Outcome::skipped, Outcome::unlocked}), kSomeFailed);
  EXPECT_EQ(status({Outcome::wrong_key, Outcome::no_answer}), kWrongKey);
  EXPECT_EQ(status({Outcome::unsealed, Outcome::refused}), kWrongKey);
}

TEST(FleetOutcomes, EachHasAnIdForMachinesThatNoOtherHas) {
  std::set<std::string> ids;
  for (int each = 0; each <= static_cast<int>(Outcome::local_fault); ++each) {
    const auto id = remote::id_of(static_cast<Outcome>(each));
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << id;
  }
}

}  // namespace
}  // namespace fleet
