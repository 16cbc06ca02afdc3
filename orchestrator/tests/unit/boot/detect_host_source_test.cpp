// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/host_source.hpp"
#include "fakes.hpp"

namespace detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = Answer::State;

TEST(SystemCommands, TakeBytesAsTheyCome) {
  const fakes::SystemContext context;
  SystemCommands commands(context);
  const auto answer = commands.run({"printf", "\\377\\000x"});
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.out, std::string("\377\0x", 3));
  EXPECT_EQ(commands.run({"no-such-program-anywhere"}).state, State::absent);
  EXPECT_THAT(context.console.warnings(), IsEmpty());
}

TEST(SystemCommands, EndOneThatPrintsForEver) {
  const fakes::SystemContext context;
  SystemCommands commands(context);
  const auto answer = commands.run({"yes"});
  EXPECT_EQ(answer.state, State::too_long);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(context.console.warnings(), ElementsAre(HasSubstr("yes: it prints more than")));
}

TEST(SystemCommands, AskOneThatHangsOnce) {
  const fakes::SystemContext context;
  SystemCommands commands(context, std::chrono::seconds(1));
  EXPECT_EQ(commands.run({"sleep", "60"}).state, State::timed_out);
  // It is not started: it would end well.
  EXPECT_EQ(commands.run({"sleep", "0"}).state, State::timed_out);
  EXPECT_TRUE(commands.run({"true"}).ok());
  EXPECT_THAT(context.console.warnings(), ElementsAre(HasSubstr("sleep 60: it did not end within 1 s")));
}

}  // namespace
}  // namespace detect
