// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/text.hpp"

namespace {

using namespace base;
using testing::Optional;

TEST(Date, DaysAreCountedFrom1970) {
  EXPECT_THAT(days_of("1970-01-01"), Optional(0));
  EXPECT_THAT(days_of("1969-12-31"), Optional(-1));
  EXPECT_THAT(days_of("2000-02-29"), Optional(11016));
  EXPECT_THAT(days_of("2026-11-24"), Optional(20781));
}

TEST(Date, WhatIsNoDayIsNothing) {
  for (const char* const text : {"", "2026-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00",
                                 "2026-1-1", "2026/01/01", "2026-01-01 ", "-026-01-01", "2026-0a-01", "0000-01-01"}) {
    EXPECT_EQ(days_of(text), std::nullopt) << text;
  }
}

TEST(Date, EveryDayOfFourCenturiesComesBackAsTheSystemSaysToo) {
  for (std::int64_t day = -80'000; day < 80'000; ++day) {
    const std::int64_t epoch = day * 86400 + 3661;
    const std::string iso = iso_date(epoch);
    ASSERT_THAT(days_of(iso), Optional(day)) << iso;
    const auto time = static_cast<std::time_t>(epoch);
    std::tm parts{};
    ASSERT_NE(gmtime_r(&time, &parts), nullptr);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);  // the tests run in the C locale
    ASSERT_EQ(rfc5322_date(epoch), text);
    std::strftime(text, sizeof text, "%a %b %d %Y", &parts);
    ASSERT_EQ(rpm_date(epoch), text);
  }
}

TEST(Date, ChangelogDatesReadAsTheirFormatsWantThem) {
  EXPECT_EQ(rfc5322_date(20781 * 86400LL), "Tue, 24 Nov 2026 00:00:00 +0000");
  EXPECT_EQ(rpm_date(20781 * 86400LL), "Tue Nov 24 2026");
  EXPECT_EQ(iso_date(20781 * 86400LL + 86399), "2026-11-24");
  EXPECT_EQ(iso_date(-1), "1969-12-31");
}

}  // namespace
