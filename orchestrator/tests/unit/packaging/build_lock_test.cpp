// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "build/lock.hpp"

namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class LockTest : public testing::Test {
 protected:
  base::TempDir temp_{base::temp_parent(), "lock-"};
  std::filesystem::path file_ = temp_.path() / ".lock";
};

TEST_F(LockTest, IsHeldByOneAndRefusedToAnother) {
  const build::Lock first(file_);
  EXPECT_THAT([&] { const build::Lock second(file_); },
              ThrowsMessage<base::Error>(HasSubstr("another build is at work in " + temp_.path().string())));
}

TEST_F(LockTest, IsLetGoOfAtTheEnd) {
  { const build::Lock first(file_); }
  EXPECT_NO_THROW(const build::Lock second(file_));
}

TEST_F(LockTest, IsNoOneElsesToHold) {
  namespace fs = std::filesystem;
  const auto others = fs::perms::group_all | fs::perms::others_all;
  { const build::Lock first(file_); }
  EXPECT_EQ(fs::status(file_).permissions() & others, fs::perms::none);
  fs::permissions(file_, fs::perms(0644));  // of an earlier version
  { const build::Lock second(file_); }
  EXPECT_EQ(fs::status(file_).permissions() & others, fs::perms::none);
}

TEST_F(LockTest, ALinkInItsPlaceIsNotFollowed) {
  base::write_file(temp_.path() / "precious", "x");
  std::filesystem::create_symlink("precious", file_);
  EXPECT_THROW(const build::Lock lock(file_), base::Error);
}

TEST_F(LockTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(const build::Lock lock(temp_.path() / "none/.lock"), base::Error);
}

}  // namespace
