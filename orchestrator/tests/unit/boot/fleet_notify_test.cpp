// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes.hpp"
#include "fleet/notify.hpp"

namespace fleet {
namespace {

using testing::ElementsAre;

TEST(Notify, TheCommandHasTheEventAndMayFail) {
  base::SystemRunner runner;
  fakes::Context<base::SystemRunner&> context(runner);
  context.environment = {{"PATH", "/usr/bin:/bin"}};
  notify("read -r line; test \"$HOST $line\" = 'db1 {}'", "{}", {{"HOST", "db1"}}, context);
  EXPECT_THAT(context.console.warnings(), ElementsAre());
  notify("printf 'a\\033b' >&2; exit 7", "{}", {}, context);
  EXPECT_THAT(context.console.warnings(), ElementsAre("the command of --notify: status 7: a\\x1bb"));
}

TEST(Notify, OnlySuccessApproves) {
  base::SystemRunner runner;
  fakes::Context<base::SystemRunner&> context(runner);
  context.environment = {{"PATH", "/usr/bin:/bin"}};
  EXPECT_TRUE(approved("true", "{}", {}, std::chrono::seconds(10), context));
  EXPECT_FALSE(approved("false", "{}", {}, std::chrono::seconds(10), context));
  EXPECT_FALSE(approved("exec sleep 100", "{}", {}, std::chrono::seconds(1), context));
}

}  // namespace
}  // namespace fleet
