// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.hpp"
#include "host/matching_paths.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MatchingPaths : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(root() / "etc/ssh/sshd_config.d/deep");
    for (const auto* name : {"20-b.conf", "10-a.conf", ".hidden.conf", "note.txt", "[x].conf"})
      base::write_file(root() / "etc/ssh/sshd_config.d" / name, "");
  }
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

 private:
  base::TempDir folder_{base::temp_parent(), "matching-paths-"};
};

TEST_F(MatchingPaths, AreSortedAndWithoutHiddenOnes) {
  EXPECT_THAT(host::matching_paths(root(), "/etc/ssh/sshd_config.d/*.conf", 10),
              ElementsAre("/etc/ssh/sshd_config.d/10-a.conf", "/etc/ssh/sshd_config.d/20-b.conf",
                          "/etc/ssh/sshd_config.d/[x].conf"));
}

TEST_F(MatchingPaths, MatchInEveryPart) {
  EXPECT_THAT(host::matching_paths(root(), "/e*/ss?/sshd_config.d/[0-9]0-a.conf", 10),
              ElementsAre("/etc/ssh/sshd_config.d/10-a.conf"));
}

TEST_F(MatchingPaths, TakeABackslashAway) {
  EXPECT_THAT(host::matching_paths(root(), "/etc/ssh/sshd_config.d/10-\\a.conf", 10),
              ElementsAre("/etc/ssh/sshd_config.d/10-a.conf"));
}

TEST_F(MatchingPaths, AreNotThere) {
  EXPECT_THAT(host::matching_paths(root(), "/etc/ssh/other/*.conf", 10), IsEmpty());
  EXPECT_THAT(host::matching_paths(root(), "/", 10), IsEmpty());
}

TEST_F(MatchingPaths, AreNoMoreThanAsked) {
  EXPECT_EQ(host::matching_paths(root(), "/etc/ssh/sshd_config.d/*", 2).size(), 2U);
}

}  // namespace
