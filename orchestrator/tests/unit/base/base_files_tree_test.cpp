// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iterator>

#include "base/error.hpp"
#include "base/files.hpp"

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Path;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::int64_t kDay = 1'795'478'400;

class FileTree : public testing::Test {
 protected:
  base::TempDir temp_{base::temp_parent(), "tree-"};
  const Path& dir_ = temp_.path();

  void SetUp() override {
    base::make_dirs(dir_ / "outside");
    base::write_file(dir_ / "outside/precious", "kept");
    base::make_dirs(dir_ / "tree/sub");
    base::write_file(dir_ / "tree/sub/tool", "#!", 0755);
    base::write_file(dir_ / "tree/text", "x", 0640);
    fs::create_directory_symlink("../outside", dir_ / "tree/link");
  }
};

struct stat status_of(const Path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

TEST_F(FileTree, RemovingDoesNotFollowALinkInside) {
  base::remove_tree(dir_ / "tree");
  EXPECT_FALSE(fs::exists(dir_ / "tree"));
  EXPECT_TRUE(fs::exists(dir_ / "outside/precious"));
}

TEST_F(FileTree, RemovingALinkRemovesTheLinkEvenWithATrailingSlash) {
  base::remove_tree((dir_ / "tree/link").string() + "/");
  EXPECT_FALSE(fs::is_symlink(dir_ / "tree/link"));
  EXPECT_TRUE(fs::exists(dir_ / "outside/precious"));
}

TEST_F(FileTree, RemovingTakesFilesAndWhatIsNotThere) {
  base::remove_tree(dir_ / "tree/text");
  EXPECT_FALSE(fs::exists(dir_ / "tree/text"));
  base::remove_tree(dir_ / "tree/text");
}

TEST_F(FileTree, RemovingMakesFoldersWritableOnTheWay) {
  // Root passes every permission: a child without its powers shows it.
  fs::permissions(dir_, fs::perms::all);
  fs::permissions(dir_ / "tree/sub", fs::perms::none);
  fs::permissions(dir_ / "tree", fs::perms::owner_read);
  const bool root = ::geteuid() == 0;
  if (root) {
    for (const char* const name : {"tree", "tree/sub"}) ASSERT_EQ(::lchown((dir_ / name).c_str(), 65534, 65534), 0);
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (root && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(9);
    try {
      base::remove_tree(dir_ / "tree");
    } catch (const std::exception& error) {
      (void)!::write(2, error.what(), std::char_traits<char>::length(error.what()));
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(fs::exists(dir_ / "tree"));
}

TEST_F(FileTree, WhatIsNoNameIsNotRemoved) {
  for (const char* const path : {"/", "", ".", "..", "//", "x/.."})
    EXPECT_THROW(base::remove_tree(path), Error) << path;
}

TEST_F(FileTree, ACopyHasTheSameFilesModesAndLinksAndOneTime) {
  base::copy_tree(dir_ / "tree", dir_ / "a/copy", kDay);
  EXPECT_EQ(base::read_file(dir_ / "a/copy/sub/tool", 9), "#!");
  EXPECT_EQ(status_of(dir_ / "a/copy/sub/tool").st_mode & 07777U, 0755U);
  EXPECT_EQ(status_of(dir_ / "a/copy/text").st_mode & 07777U, 0640U);
  EXPECT_EQ(fs::read_symlink(dir_ / "a/copy/link"), "../outside");
  for (const char* const name : {"", "sub", "sub/tool", "text", "link"}) {
    EXPECT_EQ(status_of((dir_ / "a/copy" / name).lexically_normal()).st_mtime, kDay) << name;
  }
}

TEST_F(FileTree, ACopyDoesNotWriteThroughALinkThatIsThereAlready) {
  base::make_dirs(dir_ / "copy");
  fs::create_symlink(dir_ / "outside/precious", dir_ / "copy/text");
  EXPECT_THROW(base::copy_tree(dir_ / "tree", dir_ / "copy", kDay), Error);
  EXPECT_EQ(base::read_file(dir_ / "outside/precious", 9), "kept");
  fs::remove(dir_ / "copy/text");
  fs::remove_all(dir_ / "copy/sub");
  fs::create_directory_symlink(dir_ / "outside", dir_ / "copy/sub");
  EXPECT_THROW(base::copy_tree(dir_ / "tree", dir_ / "copy", kDay), Error);
  EXPECT_FALSE(fs::exists(dir_ / "outside/tool"));
}

TEST_F(FileTree, DevicesAndPipesAreNotCopied) {
  ASSERT_EQ(::mkfifo((dir_ / "tree/pipe").c_str(), 0600), 0);
  EXPECT_THAT([&] { base::copy_tree(dir_ / "tree", dir_ / "copy", kDay); },
              ThrowsMessage<Error>(HasSubstr("tree/pipe")));
  EXPECT_THROW(base::copy_tree(dir_ / "missing", dir_ / "copy", kDay), Error);
}

TEST_F(FileTree, TimesAreSetOnAllWithoutFollowingLinks) {
  base::set_times(dir_ / "tree", kDay);
  for (const char* const name : {"tree", "tree/sub", "tree/sub/tool", "tree/link"}) {
    EXPECT_EQ(status_of(dir_ / name).st_mtime, kDay) << name;
  }
  EXPECT_NE(status_of(dir_ / "outside").st_mtime, kDay);
  EXPECT_NE(status_of(dir_ / "outside/precious").st_mtime, kDay);
}

TEST_F(FileTree, AFreshTreeTakesThePlaceOfTheCurrentOne) {
  base::make_dirs(dir_ / "fresh");
  base::write_file(dir_ / "fresh/new", "1");
  base::replace_tree(dir_ / "fresh", dir_ / "tree");
  EXPECT_EQ(base::read_file(dir_ / "tree/new", 9), "1");
  EXPECT_FALSE(fs::exists(dir_ / "tree/text"));
  EXPECT_FALSE(fs::exists(dir_ / "fresh"));
  base::make_dirs(dir_ / "fresh");
  base::replace_tree(dir_ / "fresh", dir_ / "nothing-there");
  EXPECT_TRUE(fs::is_directory(dir_ / "nothing-there"));
}

/// From now on this process's kernel knows no renameat2, as a file system that cannot exchange; whether that could be
/// had.
bool forbid_exchange() {
  const sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), const_cast<sock_filter*>(filter)};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(FileTree, WhereNothingCanBeExchangedTheOldTreeIsRenamedAsideFirst) {
  base::make_dirs(dir_ / "fresh");
  base::write_file(dir_ / "fresh/new", "1");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!forbid_exchange()) ::_exit(77);
    if (::renameat2(AT_FDCWD, dir_.c_str(), AT_FDCWD, dir_.c_str(), RENAME_EXCHANGE) == 0) ::_exit(2);  // no filter
    try {
      base::replace_tree(dir_ / "fresh", dir_ / "tree");
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp cannot be used here";
  EXPECT_EQ(status, 0);
  EXPECT_EQ(base::read_file(dir_ / "tree/new", 9), "1");
  EXPECT_FALSE(fs::exists(dir_ / "tree/text"));
  EXPECT_FALSE(fs::exists(dir_ / "fresh"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 2) << "only tree and outside remain";
}

TEST_F(FileTree, AMissingFreshTreeLeavesTheCurrentOneAlone) {
  EXPECT_THROW(base::replace_tree(dir_ / "missing", dir_ / "tree"), Error);
  EXPECT_TRUE(fs::exists(dir_ / "tree/text"));
}

TEST_F(FileTree, AFileBelowAFolderIsReadAndMadeWithoutFollowingALink) {
  base::set_times(dir_ / "tree/sub/tool", kDay);
  const auto tool = base::read_below(dir_ / "tree", "sub/tool", 100);
  EXPECT_EQ(tool.bytes, "#!");
  EXPECT_EQ(tool.mtime, kDay);
  EXPECT_THROW((void)base::read_below(dir_ / "tree", "sub/tool", 1), Error);
  EXPECT_THROW((void)base::read_below(dir_ / "tree", "sub", 100), Error);
  EXPECT_THROW((void)base::read_below(dir_ / "tree", "../outside/precious", 100), Error);
  fs::create_symlink("../outside", dir_ / "tree/way");
  fs::create_symlink("../outside/precious", dir_ / "tree/file");
  for (const char* const path : {"way/precious", "file"}) {
    EXPECT_THROW((void)base::read_below(dir_ / "tree", path, 100), Error) << path;
    EXPECT_THROW(base::create_below(dir_ / "tree", path, tool), Error) << path;
  }
  EXPECT_EQ(base::read_file(dir_ / "outside/precious", 100), "kept");
  base::create_below(dir_ / "tree", "a/b/tool", tool);
  EXPECT_EQ(base::read_below(dir_ / "tree", "a/b/tool", 100).mtime, kDay);
  EXPECT_THROW(base::create_below(dir_ / "tree", "a/b/tool", tool), Error);
  base::sync_tree(dir_ / "tree");
}

TEST_F(FileTree, ModesAreSetBelowAFolderAndNotThroughALink) {
  fs::create_symlink("../outside/precious", dir_ / "tree/file");
  fs::permissions(dir_ / "outside/precious", fs::perms(0600));
  base::set_modes(dir_ / "tree", 0750, 0640);
  const auto mode = [&](const char* path) { return static_cast<unsigned>(fs::status(dir_ / path).permissions()); };
  EXPECT_EQ(mode("tree"), 0750U);
  EXPECT_EQ(mode("tree/sub"), 0750U);
  EXPECT_EQ(mode("tree/sub/tool"), 0640U);
  EXPECT_EQ(mode("outside/precious"), 0600U);
}

}  // namespace
