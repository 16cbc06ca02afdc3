// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/unlock_table.hpp"

namespace admin {
namespace {

using testing::ElementsAre;

TEST(UnlockTableLines, AreAlignedAndCut) {
  const std::vector<UnlockRow> rows{{"db1", "sending", "it asks: disk home", 10, -1},
                                    {"database-with-a-long-name", "unlocked", "", 0, 42},
                                    {"web", "", "", -1, -1}};
  EXPECT_THAT(unlock_table_lines(rows, 12.4, 40, 10),
              ElementsAre("db1            sending      2 s  it asks", "database-with  unlocked    42 s  ",
                          "web                           -  "));
}

TEST(UnlockTableLines, ShowWhatIsNotDoneWhereThereIsNoRoomForAll) {
  std::vector<UnlockRow> rows;
  for (int each = 0; each < 10; ++each)
    rows.push_back({"host" + std::to_string(each), each < 8 ? "unlocked" : "waiting", "", 0, each < 8 ? 5.0 : -1.0});
  const auto lines = unlock_table_lines(rows, 6, 60, 4);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[0], testing::StartsWith("host8"));
  EXPECT_THAT(lines[1], testing::StartsWith("host9"));
  EXPECT_EQ(lines[3], "... of 10 machines, 8 are done");
  EXPECT_TRUE(unlock_table_lines(rows, 6, 60, 0).empty());
}

TEST(UnlockTableLines, NoCodePointIsCutInTwo) {
  const std::vector<UnlockRow> rows{{"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "up", "", 0, -1}};
  EXPECT_THAT(unlock_table_lines(rows, 1, 9, 3), ElementsAre("\xc3\xa9\xc3\xa9\xc3\xa9  up  "));
}

}  // namespace
}  // namespace admin
