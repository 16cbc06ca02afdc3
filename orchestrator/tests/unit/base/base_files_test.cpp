// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "base/error.hpp"
#include "base/files.hpp"

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Path;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Files : public testing::Test {
 protected:
  base::TempDir temp_{base::temp_parent(), "files-"};
  const Path& dir_ = temp_.path();

  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()));
  }
};

unsigned mode_of(const Path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

TEST_F(Files, WhatIsWrittenIsReadBackWithItsMode) {
  const std::string bytes("a\0b\n", 4);
  base::write_file(dir_ / "f", bytes, 0640);
  EXPECT_EQ(base::read_file(dir_ / "f", 4), bytes);
  EXPECT_EQ(mode_of(dir_ / "f"), 0640U);
}

TEST_F(Files, AFileLongerThanTheLimitIsAnErrorThatNamesBoth) {
  base::write_file(dir_ / "f", "12345");
  EXPECT_THAT([&] { (void)base::read_file(dir_ / "f", 4); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("/f"), HasSubstr("longer than 4 B"))));
}

TEST_F(Files, AFileThatClaimsToBeEmptyIsStillBounded) {
  EXPECT_THAT([&] { (void)base::read_file("/proc/self/maps", 16); },
              ThrowsMessage<Error>(HasSubstr("longer than 16 B")));
}

TEST_F(Files, FoldersDevicesAndPipesAreNotReadNorWaitedFor) {
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT([&] { (void)base::read_file(dir_, 9); }, ThrowsMessage<Error>(HasSubstr("is a folder")));
  EXPECT_THAT([&] { (void)base::read_file("/dev/zero", 9); }, ThrowsMessage<Error>(HasSubstr("not a regular file")));
  EXPECT_THAT([&] { (void)base::read_file(dir_ / "pipe", 9); }, ThrowsMessage<Error>(HasSubstr("not a regular file")));
  EXPECT_THAT([&] { (void)base::read_file(dir_ / "none", 9); }, ThrowsMessage<Error>(HasSubstr("No such file")));
}

TEST_F(Files, WritingReplacesALinkAndNotWhatItPointsTo) {
  base::write_file(dir_ / "precious", "old");
  fs::create_symlink(dir_ / "precious", dir_ / "f");
  base::write_file(dir_ / "f", "new");
  EXPECT_EQ(base::read_file(dir_ / "precious", 9), "old");
  EXPECT_FALSE(fs::is_symlink(dir_ / "f"));
}

TEST_F(Files, AFailedWriteLeavesNothingBehind) {
  fs::create_directory(dir_ / "f");
  base::write_file(dir_ / "f" / "child", "x");
  EXPECT_THAT([&] { base::write_file(dir_ / "f", "new"); }, ThrowsMessage<Error>(HasSubstr("writing")));
  EXPECT_EQ(entries(), 1U);
  EXPECT_THROW(base::write_file(dir_ / "no" / "f", "x"), Error);
}

TEST_F(Files, FoldersAreMadeAndAFileInTheWayIsAnError) {
  base::make_dirs(dir_ / "a/b/c");
  base::make_dirs(dir_ / "a/b/c");
  EXPECT_TRUE(fs::is_directory(dir_ / "a/b/c"));
  base::write_file(dir_ / "f", "");
  EXPECT_THROW(base::make_dirs(dir_ / "f"), Error);
  EXPECT_THROW(base::make_dirs(dir_ / "f/g"), Error);
}

TEST_F(Files, SafeRelativePathsHaveNoWayOut) {
  for (const char* const good : {"a", "a/b", "46sshd/sshd.service", "a..b", "...", ".x", "a b"}) {
    EXPECT_TRUE(base::is_safe_relative(good)) << good;
  }
  for (const char* const bad :
       {"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/../b", "../a", "a/..", "a\nb", "a\x7f", "\x1b"}) {
    EXPECT_FALSE(base::is_safe_relative(bad)) << bad;
  }
  EXPECT_FALSE(base::is_safe_relative(std::string_view("a\0b", 3)));
}

TEST_F(Files, ATemporaryFolderIsPrivateAndGoesWithItsObject) {
  Path path;
  {
    base::TempDir temp(dir_, "x-");
    path = temp.path();
    EXPECT_EQ(mode_of(path), 0700U);
    base::write_file(path / "f", "x", 0400);
    const base::TempDir moved(std::move(temp));
    EXPECT_TRUE(fs::exists(moved.path() / "f"));
  }
  EXPECT_FALSE(fs::exists(path));
  {
    base::TempDir temp(dir_, "x-");
    temp.keep();
    path = temp.path();
  }
  EXPECT_TRUE(fs::exists(path));
  EXPECT_THROW(base::TempDir(dir_ / "missing", "x"), Error);
  EXPECT_THROW(base::TempDir(dir_, "../x"), Error);
}

TEST_F(Files, WhatAKilledProcessHasLeftIsFoundAndRemovedAndNothingElse) {
  const base::TempDir used(dir_, "left.");
  const pid_t child = ::fork();
  if (child == 0) {  // makes a folder, and is killed
    const base::TempDir lost(dir_, "left.");
    base::write_file(lost.path() / "secret", "x");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  fs::create_directory(dir_ / "left.abcdef");  // not private
  fs::create_directory(dir_ / "left.abc");     // no name of a TempDir
  fs::permissions(dir_ / "left.abc", fs::perms(0700));
  fs::create_directory(dir_ / "elsewhere");
  fs::permissions(dir_ / "elsewhere", fs::perms(0700));
  fs::create_directory_symlink("elsewhere", dir_ / "left.linked");
  const auto found = base::abandoned(dir_, "left.");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(fs::exists(found.front() / "secret"));
  base::remove_abandoned(dir_, "left.");
  EXPECT_FALSE(fs::exists(found.front()));
  for (const auto& path : {used.path(), dir_ / "left.abcdef", dir_ / "left.abc", dir_ / "elsewhere"})
    EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(Files, ATemporaryFolderThatMovesStaysLocked) {
  base::TempDir first(dir_, "moved.");
  {
    const base::TempDir second(std::move(first));
    EXPECT_TRUE(base::abandoned(dir_, "moved.").empty());
  }
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(Files, TheFolderForTemporaryFilesIsCheckedToExist) {
  const char* const before = std::getenv("TMPDIR");
  const std::string saved = before == nullptr ? "" : before;
  ::setenv("TMPDIR", (dir_ / "missing").c_str(), 1);
  EXPECT_THAT([] { (void)base::temp_parent(); }, ThrowsMessage<Error>(HasSubstr("missing")));
  ::setenv("TMPDIR", dir_.c_str(), 1);
  EXPECT_EQ(base::temp_parent(), dir_);
  ::setenv("TMPDIR", saved.c_str(), 1);
  if (before == nullptr) ::unsetenv("TMPDIR");
}

}  // namespace
