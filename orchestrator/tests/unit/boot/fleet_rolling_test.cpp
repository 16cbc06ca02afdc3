// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "fleet/rolling.hpp"

namespace fleet {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Rolling, NeverMoreAtOnceThanThat) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  const auto begun = roll(20, {3, 0}, [&](std::size_t) {
    const int here = ++now;
    for (int seen = most; seen < here && !most.compare_exchange_weak(seen, here);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --now;
    return true;
  });
  EXPECT_THAT(begun, Each(true));
  EXPECT_EQ(most, 3);
}

TEST(Rolling, OneAtATimeIsInOrderAndStopsAfterTheFailuresThatAreAllowed) {
  std::vector<std::size_t> order;
  const auto begun = roll(5, {1, 2}, [&](std::size_t index) {
    order.push_back(index);
    return index != 1 && index != 2;
  });
  EXPECT_THAT(order, ElementsAre(0U, 1U, 2U));
  EXPECT_THAT(begun, ElementsAre(true, true, true, false, false));
}

TEST(Rolling, WhatAJobThrowsIsThrownWhenAllHaveEnded) {
  std::atomic<int> ended = 0;
  EXPECT_THROW((void)roll(8, {2, 0},
                          [&](std::size_t index) -> bool {
                            if (index == 1) throw std::runtime_error("no");
                            std::this_thread::sleep_for(std::chrono::milliseconds(20));
                            ++ended;
                            return true;
                          }),
               std::runtime_error);
  EXPECT_LT(ended, 8);
}

TEST(Rolling, NothingToDo) {
  EXPECT_TRUE(roll(0, {4, 1}, [](std::size_t) { return false; }).empty());
}

}  // namespace
}  // namespace fleet
