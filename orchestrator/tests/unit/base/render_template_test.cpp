// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "base/render/template.hpp"

namespace {

TEST(Template, ANameIsReplacedByItsValue) {
  EXPECT_EQ(render::fill("a @X_1@ b@Y@", {{"X_1", "1"}, {"Y", ""}}, "t"), "a 1 b");
}

TEST(Template, AValueIsNeverLookedAtAgain) {
  EXPECT_EQ(render::fill("@X@@Y@", {{"X", "@Y@"}, {"Y", "@"}}, "t"), "@Y@@");
}

TEST(Template, TwoAtSignsAreOneAndALoneOneStays) {
  EXPECT_EQ(render::fill("dh $@@ me@host.org @x@ @", {}, "t"), "dh $@ me@host.org @x@ @");
}

TEST(Template, AnUnknownNameIsAnErrorWithFileLineAndTheNearestName) {
  try {
    (void)render::fill("\n\n@SUMARY@", {{"SUMMARY", ""}}, "control");
    FAIL() << "was filled";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "control:3: there is no value named @SUMARY@");
    EXPECT_NE(error.hint().find("@SUMMARY@"), std::string::npos);
  }
}

}  // namespace
