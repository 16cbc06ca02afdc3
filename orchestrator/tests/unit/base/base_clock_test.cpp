// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace base {
namespace {

TEST(SystemClock, SleepTakesItsTime) {
  SystemClock clock;
  const Cancel cancel;
  const auto begin = clock.now();
  clock.sleep(std::chrono::milliseconds(30), cancel);
  EXPECT_GE(clock.now() - begin, 0.029);
}

TEST(SystemClock, SleepEndsWhenSomebodyAsksToStop) {
  SystemClock clock;
  Cancel cancel;
  const auto begin = clock.now();
  const std::jthread user([&cancel] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancel.request(SIGTERM);
  });
  EXPECT_THROW(clock.sleep(std::chrono::minutes(5), cancel), Interrupted);
  EXPECT_LT(clock.now() - begin, 60);
}

}  // namespace
}  // namespace base
