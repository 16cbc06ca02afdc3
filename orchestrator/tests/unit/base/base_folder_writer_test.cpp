// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/folder_writer.hpp"

namespace base {
namespace {

namespace fs = std::filesystem;

/// By openat2, and by the walk where there is none.
class WriterOfAFolder : public testing::TestWithParam<bool> {
 protected:
  WriterOfAFolder() {
    fs::create_directory(inside());
    fs::create_directory(outside());
    fs::create_directory_symlink(outside(), inside() / "absolute");
    fs::create_directory_symlink("../outside", inside() / "relative");
    fs::create_symlink(outside() / "new", inside() / "dangling");
  }
  FolderWriter writer() const {
    FolderWriter out(inside());
    if (GetParam()) out.without_openat2();
    return out;
  }
  fs::path inside() const { return work_.path() / "inside"; }
  fs::path outside() const { return work_.path() / "outside"; }

  TempDir work_{temp_parent(), "dracut-sshd-test."};
};

TEST_P(WriterOfAFolder, WritesFilesFoldersAndLinksBelowIt) {
  auto to = writer();
  to.write_file("a/b/file", "text", 0640);
  to.make_dirs("a/c");
  to.make_dirs("a/c");
  to.link("a/link", "/anywhere");
  EXPECT_EQ(read_file(inside() / "a/b/file", 100), "text");
  struct stat status {};
  ASSERT_EQ(stat((inside() / "a/b/file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_TRUE(fs::is_directory(inside() / "a/c"));
  EXPECT_EQ(fs::read_symlink(inside() / "a/link"), "/anywhere");
  EXPECT_TRUE(to.has("a/link"));
  EXPECT_TRUE(to.has("dangling"));
  EXPECT_FALSE(to.has("a/none"));
  EXPECT_FALSE(to.has("../outside"));
}

TEST_P(WriterOfAFolder, LeavesItByNoName) {
  auto to = writer();
  for (const std::string path :
       {"../outside/x", "a/../../outside/x", "/tmp/x", "a//x", "./x", "..", ".", "a/", "a/."}) {
    EXPECT_THROW(to.write_file(path, "x"), Error) << path;
    EXPECT_THROW(to.make_dirs(path), Error) << path;
    EXPECT_THROW(to.link(path, "x"), Error) << path;
  }
  EXPECT_THROW(to.write_file(std::string("a\0b", 3), "x"), Error);
  EXPECT_THROW(to.write_file("", "x"), Error);
  EXPECT_TRUE(fs::is_empty(outside()));
}

TEST_P(WriterOfAFolder, LeavesItByNoLink) {
  auto to = writer();
  for (const auto* link : {"absolute", "relative", "dangling"}) {
    EXPECT_THROW(to.write_file(link, "x"), Error) << link;
    EXPECT_THROW(to.write_file(std::string(link) + "/x", "x"), Error) << link;
    EXPECT_THROW(to.make_dirs(std::string(link) + "/x"), Error) << link;
    EXPECT_THROW(to.link(std::string(link) + "/x", "x"), Error) << link;
  }
  EXPECT_TRUE(fs::is_empty(outside()));
}

TEST_P(WriterOfAFolder, StaysInItsFolderWhenAnotherTakesThePlace) {
  auto to = writer();
  fs::rename(inside(), work_.path() / "moved");
  fs::create_directory_symlink(outside(), inside());
  to.write_file("file", "x");
  EXPECT_TRUE(fs::exists(work_.path() / "moved/file"));
  EXPECT_TRUE(fs::is_empty(outside()));
}

TEST_P(WriterOfAFolder, OverwritesNothing) {
  auto to = writer();
  to.write_file("file", "first");
  EXPECT_THROW(to.write_file("file", "second"), Error);
  EXPECT_EQ(read_file(inside() / "file", 100), "first");
}

TEST_P(WriterOfAFolder, TakesPathsThatAreLongerThanASystemCallDoes) {
  auto to = writer();
  std::string path = "deep";
  for (int i = 0; i < 30; ++i) path += "/" + std::string(200, 'd');
  to.write_file(path, "x");
  EXPECT_TRUE(to.has(path));
}

INSTANTIATE_TEST_SUITE_P(ByEitherWay, WriterOfAFolder, testing::Bool());

TEST(FolderWriter, IsOfAFolderAndOfNoLink) {
  const TempDir work(temp_parent(), "dracut-sshd-test.");
  fs::create_directory(work.path() / "folder");
  fs::create_directory_symlink("folder", work.path() / "link");
  write_file(work.path() / "file", "x");
  EXPECT_TRUE(FolderWriter(work.path() / "folder").is_empty());
  EXPECT_FALSE(FolderWriter(work.path()).is_empty());
  EXPECT_THROW(FolderWriter(work.path() / "link"), Error);
  EXPECT_THROW(FolderWriter(work.path() / "file"), Error);
  EXPECT_THROW(FolderWriter(work.path() / "none"), Error);
}

}  // namespace
}  // namespace base
