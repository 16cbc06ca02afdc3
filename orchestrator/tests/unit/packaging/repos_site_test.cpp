// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "repos/site.hpp"

namespace {

namespace fs = std::filesystem;
using base::Error;
using testing::HasSubstr;
using testing::ThrowsMessage;

class DraftOfASite : public testing::Test {
 protected:
  void SetUp() override {
    base::make_dirs(site_ / "pool");
    base::write_file(site_ / "pool/package", "good");
    base::set_times(site_ / "pool/package", 1'795'478'400);
  }
  [[nodiscard]] static struct stat status(const fs::path& path) {
    struct stat out {};
    EXPECT_EQ(::lstat(path.c_str(), &out), 0);
    return out;
  }

  base::TempDir temp_{base::temp_parent(), "site-"};
  fs::path site_ = temp_.path() / "site";
  repos::Digests carried_{{"pool/package", base::sha256("good")}};
};

TEST_F(DraftOfASite, IsACopyWhoseFilesNobodyElseHasOpen) {
  const repos::Draft draft(site_, carried_);
  const auto copy = status(draft.folder() / "pool/package");
  EXPECT_EQ(copy.st_nlink, 1U);
  EXPECT_NE(copy.st_ino, status(site_ / "pool/package").st_ino);
  EXPECT_EQ(copy.st_mtime, 1'795'478'400);
  EXPECT_EQ(status(draft.folder()).st_mode & 07777U, 0700U);
}

TEST_F(DraftOfASite, WithAFileThatIsNotTheListedOneIsNone) {
  base::write_file(site_ / "pool/package", "evil");
  EXPECT_THAT([&] { const repos::Draft draft(site_, carried_); },
              ThrowsMessage<Error>(HasSubstr("not as it was published: pool/package is another file")));
  EXPECT_FALSE(fs::exists(temp_.path() / ".site.new"));
}

TEST_F(DraftOfASite, FollowsNoLink) {
  base::make_dirs(temp_.path() / "outside");
  base::write_file(temp_.path() / "outside/package", "good");
  base::remove_tree(site_ / "pool");
  fs::create_symlink("../outside", site_ / "pool");
  EXPECT_THROW(const repos::Draft draft(site_, carried_), Error);
  base::remove_tree(site_ / "pool");
  base::make_dirs(site_ / "pool");
  fs::create_symlink("../../outside/package", site_ / "pool/package");
  EXPECT_THROW(const repos::Draft draft(site_, carried_), Error);
}

TEST_F(DraftOfASite, HasNothingThatTheListDoesNotName) {
  base::write_file(site_ / "pool/another", "x");
  const repos::Draft draft(site_, carried_);
  EXPECT_FALSE(fs::exists(draft.folder() / "pool/another"));
}

}  // namespace
