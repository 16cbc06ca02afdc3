// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "model/finding.hpp"

namespace {

using model::Finding;
using model::Severity;

TEST(Finding, WarningsAloneAreNoErrors) {
  EXPECT_FALSE(model::has_errors({}));
  EXPECT_FALSE(model::has_errors({{Severity::warning, "a", "b", ""}}));
  EXPECT_TRUE(model::has_errors({{Severity::warning, "a", "b", ""}, {Severity::error, "a", "b", ""}}));
}

TEST(Finding, TextSaysWherePlaceMessageAndHint) {
  EXPECT_EQ(model::to_text({{Severity::error, "distros/a.json: /id", "expected text, got 3", "write \"a\""},
                            {Severity::warning, "CHANGELOG.md:4", "is empty", ""},
                            {Severity::error, "", "nothing to build", ""}}),
            "error: distros/a.json: /id: expected text, got 3\n  hint: write \"a\"\n"
            "warning: CHANGELOG.md:4: is empty\n"
            "error: nothing to build\n");
  EXPECT_EQ(model::to_text({}), "");
}

}  // namespace
