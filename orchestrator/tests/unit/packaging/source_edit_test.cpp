// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "source/edit.hpp"

namespace {

using source::assign;
using source::Unit;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr const char* kUnit =
    "# comment: Type=simple\n"
    "[Unit]\n"
    "Type=not this one\n"
    "\n"
    "[Service]\n"
    "; another comment\n"
    "Type=notify\n"
    "EnvironmentFile=-/etc/a\n"
    "EnvironmentFile=-/etc/b\n"
    "ExecStart = /usr/sbin/sshd -D\n";

TEST(Unit, WhatIsNotAskedForStaysByteForByte) { EXPECT_EQ(Unit(kUnit).text(), kUnit); }

TEST(Unit, ValuesAreThoseOfTheSectionInTheirOrder) {
  const Unit unit(kUnit);
  EXPECT_THAT(unit.values("Service", "EnvironmentFile"), ElementsAre("-/etc/a", "-/etc/b"));
  EXPECT_THAT(unit.values("Service", "Type"), ElementsAre("notify"));
  EXPECT_THAT(unit.values("Unit", "Type"), ElementsAre("not this one"));
  EXPECT_THAT(unit.values("Service", "ExecStart"), ElementsAre("/usr/sbin/sshd -D"))
      << "blanks around '=' are none of the value";
  EXPECT_THAT(unit.values("Install", "Type"), IsEmpty());
}

TEST(Unit, SettingChangesThatOneLine) {
  Unit unit(kUnit);
  unit.set("Service", "Type", "simple");
  EXPECT_THAT(unit.values("Service", "Type"), ElementsAre("simple"));
  EXPECT_THAT(unit.values("Unit", "Type"), ElementsAre("not this one"));
  EXPECT_THAT(unit.text(), HasSubstr("# comment: Type=simple\n"));
}

TEST(Unit, AKeyThatIsMissingOrStandsTwiceIsNotSet) {
  Unit unit(kUnit);
  EXPECT_THAT([&] { unit.set("Service", "User", "x"); },
              ThrowsMessage<base::Error>(HasSubstr("[Service] User= does not stand in the unit")));
  EXPECT_THAT([&] { unit.set("Service", "EnvironmentFile", "x"); },
              ThrowsMessage<base::Error>(HasSubstr("stands more than once")));
  EXPECT_EQ(unit.text(), kUnit);
}

TEST(Unit, AppendingPutsALineBehindTheLastOfItsKey) {
  Unit unit(kUnit);
  unit.append("Service", "EnvironmentFile", "-/etc/c");
  EXPECT_THAT(unit.values("Service", "EnvironmentFile"), ElementsAre("-/etc/a", "-/etc/b", "-/etc/c"));
  EXPECT_THAT(unit.text(), HasSubstr("EnvironmentFile=-/etc/b\nEnvironmentFile=-/etc/c\nExecStart"));
  EXPECT_THAT([&] { unit.append("Unit", "EnvironmentFile", "x"); },
              ThrowsMessage<base::Error>(HasSubstr("does not stand")));
}

TEST(Unit, AContinuedLineIsRefused) {
  EXPECT_THAT([] { Unit("[Service]\nExecStart=/bin/a \\\n  b\n"); },
              ThrowsMessage<base::Error>(HasSubstr("continued lines")));
}

TEST(Unit, AnEmptyUnitHasNoValues) { EXPECT_THAT(Unit("").values("Service", "Type"), IsEmpty()); }

TEST(Assign, SetsTheOneLineAndKeepsTheOthers) {
  EXPECT_EQ(assign("# IMAGE=x\nIMAGE=a\nGENERATOR=b\n", "IMAGE", "/boot/%k"),
            "# IMAGE=x\nIMAGE=/boot/%k\nGENERATOR=b\n");
}

TEST(Assign, ANameThatIsMissingOrStandsTwiceIsAnError) {
  EXPECT_THAT([] { (void)assign("GENERATOR=b\n", "IMAGE", "x"); },
              ThrowsMessage<base::Error>(HasSubstr("IMAGE= stands 0 times")));
  EXPECT_THAT([] { (void)assign("IMAGE=a\nIMAGE=b\n", "IMAGE", "x"); },
              ThrowsMessage<base::Error>(HasSubstr("IMAGE= stands 2 times")));
}

TEST(Assign, ANameThatOnlyBeginsAlikeIsAnotherOne) {
  EXPECT_EQ(assign("IMAGES=a\nIMAGE=b\n", "IMAGE", "x"), "IMAGES=a\nIMAGE=x\n");
}

}  // namespace
