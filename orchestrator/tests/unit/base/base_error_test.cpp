// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cerrno>

#include "base/error.hpp"

namespace {

using base::Error;
using base::Exit;

TEST(Error, KeepsItsMessageAndFailsByDefault) {
  const Error error("no space left");
  EXPECT_STREQ(error.what(), "no space left");
  EXPECT_EQ(error.exit(), Exit::failed);
  EXPECT_EQ(error.hint(), "");
}

TEST(Error, ContextComesBeforeTheMessageAndKeepsHintAndExit) {
  const Error error = Error("No space left", Exit::missing_tool).with_hint("free some").with_context("writing dist/x");
  const Error outer = error.with_context("building debian-13");
  EXPECT_STREQ(outer.what(), "building debian-13: writing dist/x: No space left");
  EXPECT_EQ(outer.hint(), "free some");
  EXPECT_EQ(outer.exit(), Exit::missing_tool);
}

TEST(Error, SystemErrorSaysWhatTheSystemSays) {
  errno = ENOENT;
  EXPECT_STREQ(base::system_error("opening x").what(), "opening x: No such file or directory");
}

TEST(Error, InterruptedIsNoErrorAndKnowsItsSignal) {
  EXPECT_FALSE((std::is_base_of_v<std::runtime_error, base::Interrupted>));
  EXPECT_EQ(base::Interrupted(15).signal(), 15);
}

}  // namespace
