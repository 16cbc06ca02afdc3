// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/ownership.hpp"

namespace {

using testing::AllOf;
using testing::HasSubstr;

class Ownership : public testing::Test {
 protected:
  void SetUp() override {
    base::make_dirs(site_ / "sub");
    base::write_file(site_ / "sub/file", "x");
    base::set_modes(site_, 0755, 0644);
  }
  /// What is said of the tree, with the command to type; "" when nothing is wrong with it.
  [[nodiscard]] std::string said() const {
    try {
      base::refuse_tree_writable_by_others(site_);
      return "";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit(), base::Exit::usage);
      return std::string(error.what()) + "\n" + error.hint();
    }
  }

  base::TempDir temp_{base::temp_parent(), "ownership-"};  // below a folder with the sticky bit
  base::Path site_ = temp_.path() / "www/site";
};

TEST_F(Ownership, OfOurOwnIsFine) {
  EXPECT_EQ(said(), "");
  EXPECT_NO_THROW(base::refuse_writable_by_others(temp_.path() / "www/not/there/yet"));
}

TEST_F(Ownership, WhatAGroupOrAllMayWriteIsRefusedWithTheCommandThatMendsIt) {
  ::chmod((site_ / "sub/file").c_str(), 0664);
  EXPECT_THAT(said(), AllOf(HasSubstr("sub/file: group "), HasSubstr("mode 0664"), HasSubstr("chmod go-w ")));
  ::chmod((site_ / "sub/file").c_str(), 0646);
  EXPECT_THAT(said(), HasSubstr("every user may write there"));
  ::chmod((site_ / "sub/file").c_str(), 0644);
  ::chmod((site_ / "sub").c_str(), 01777);  // others may add files there: the bit is for what lies above
  EXPECT_THAT(said(), AllOf(HasSubstr("/sub: every user"), HasSubstr("chmod -R go-w ")));
}

TEST_F(Ownership, AFolderAboveItCounts) {
  ::chmod((temp_.path() / "www").c_str(), 0775);
  EXPECT_THAT(said(), AllOf(HasSubstr("/www: group"), HasSubstr("chmod go-w ")));
  EXPECT_THROW(base::refuse_writable_by_others(temp_.path() / "www/new"), base::Error);
  ::chmod((temp_.path() / "www").c_str(), 01777);
  EXPECT_EQ(said(), "");
}

TEST_F(Ownership, ALinkIsFollowedToWhereItLeads) {
  ::chmod((temp_.path() / "www").c_str(), 0777);
  ASSERT_EQ(::symlink("www/site", (temp_.path() / "link").c_str()), 0);
  EXPECT_THROW(base::refuse_writable_by_others(temp_.path() / "link"), base::Error);
}

TEST_F(Ownership, ALinkThatOthersCanExchangeIsRefused) {
  const auto open = temp_.path() / "open";
  base::make_dirs(open);
  ASSERT_EQ(::symlink("../www/site/sub", (open / "link").c_str()), 0);
  EXPECT_NO_THROW(base::refuse_writable_by_others(open / "link/file"));
  ::chmod(open.c_str(), 01777);  // whose links are left to their owner
  EXPECT_NO_THROW(base::refuse_writable_by_others(open / "link/file"));
  ::chmod(open.c_str(), 0777);
  EXPECT_THROW(base::refuse_writable_by_others(open / "link/file"), base::Error);
}

TEST_F(Ownership, AnotherUsersIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown((site_ / "sub/file").c_str(), 33, 33), 0);
  EXPECT_THAT(said(), AllOf(HasSubstr("sub/file: belongs to user 33"), HasSubstr("chown -R 0 ")));
  ASSERT_EQ(::chown((site_ / "sub/file").c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(site_.c_str(), 33, 33), 0);
  EXPECT_THAT(said(), HasSubstr("site: belongs to user 33"));
}

}  // namespace
