// SPDX-License-Identifier: GPL-3.0-or-later
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "base/archive.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace {

using base::Error;
using base::Kind;
using base::SourceTree;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::uint64_t kPlenty = 1U << 24;
constexpr std::int64_t kDay = 1'795'478'400;

/// An entry of a foreign archive, good or bad.
struct Foreign {
  std::string path;
  std::string content = {};
  mode_t type = AE_IFREG;
  std::string hard_link = {}, symlink = {};
  unsigned perm = 0644;
  int inode = 0, links = 1;
  std::string attribute = {}, flags = {};
  bool access_list = false;
};

la_ssize_t append(archive*, void* target, const void* bytes, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

std::string pack(const std::vector<Foreign>& entries, int format, int filter) {
  std::string packed;
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
  archive_write_set_format(writer.get(), format);
  archive_write_add_filter(writer.get(), filter);
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  EXPECT_EQ(archive_write_open(writer.get(), &packed, nullptr, append, nullptr), ARCHIVE_OK);
  for (const auto& from : entries) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), from.path.c_str());
    archive_entry_set_filetype(entry.get(), from.type);
    archive_entry_set_perm(entry.get(), from.perm);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(from.content.size()));
    if (!from.hard_link.empty()) archive_entry_set_hardlink(entry.get(), from.hard_link.c_str());
    if (!from.symlink.empty()) archive_entry_set_symlink(entry.get(), from.symlink.c_str());
    if (from.inode != 0) archive_entry_set_ino(entry.get(), from.inode);
    archive_entry_set_nlink(entry.get(), static_cast<unsigned>(from.links));
    if (!from.attribute.empty()) archive_entry_xattr_add_entry(entry.get(), from.attribute.c_str(), "\1", 1);
    if (!from.flags.empty()) archive_entry_copy_fflags_text(entry.get(), from.flags.c_str());
    if (from.access_list)
      archive_entry_acl_add_entry(entry.get(), ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ARCHIVE_ENTRY_ACL_WRITE,
                                  ARCHIVE_ENTRY_ACL_USER, 1000, "mallory");
    EXPECT_EQ(archive_write_header(writer.get(), entry.get()), ARCHIVE_OK) << archive_error_string(writer.get());
    if (!from.content.empty()) archive_write_data(writer.get(), from.content.data(), from.content.size());
  }
  EXPECT_EQ(archive_write_close(writer.get()), ARCHIVE_OK);
  return packed;
}

std::string tarball(const std::vector<Foreign>& entries) {
  return pack(entries, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP);
}

const SourceTree kTree = {
    {"46sshd/sshd.service", {0644, "[Unit]\n"}}, {"README.md", {0644, ""}}, {"tool", {0755, "#!/bin/sh\n"}}};

TEST(SourceArchive, IsReadBackAsItWas) {
  std::string top;
  EXPECT_EQ(base::read_tar_gz(base::tar_gz(kTree, "x-1.0", kDay), top, kPlenty), kTree);
  EXPECT_EQ(top, "x-1.0");
}

TEST(SourceArchive, HoldsSortedPlainUstarHeadersOfRootAndOneTime) {
  const std::string packed = base::tar_gz(kTree, "x-1.0", kDay);
  EXPECT_EQ(packed.substr(3, 6), std::string("\0\0\0\0\0\0", 6));  // no name, no time, no level
  const std::string tar = base::gunzip(packed, kPlenty);
  std::vector<std::string> names, modes;
  for (std::size_t at = 0; tar[at] != '\0';) {
    const std::string header = tar.substr(at, 512);
    EXPECT_EQ(header.substr(257, 8), std::string("ustar\00000", 8));
    EXPECT_EQ(header.substr(108, 7), "000000 ");
    EXPECT_EQ(std::stoll(header.substr(136, 11), nullptr, 8), kDay);
    EXPECT_STREQ(header.substr(265, 32).c_str(), "root");
    names.emplace_back(header.c_str());
    modes.push_back(header.substr(100, 6));
    const auto size = std::stoul(header.substr(124, 11), nullptr, 8);
    at += 512 + (size + 511) / 512 * 512;
  }
  EXPECT_THAT(names, testing::ElementsAre("x-1.0/", "x-1.0/46sshd/", "x-1.0/46sshd/sshd.service", "x-1.0/README.md",
                                          "x-1.0/tool"));
  EXPECT_THAT(modes, testing::ElementsAre("000755", "000755", "000644", "000644", "000755"));
}

TEST(SourceArchive, IsTheSameTwice) { EXPECT_EQ(base::tar_gz(kTree, "x", kDay), base::tar_gz(kTree, "x", kDay)); }

TEST(SourceArchive, IsNotMadeOfUnsafePaths) {
  for (const char* const path : {"../x", "/x", "a/../b", "", "a/", "a\nb"}) {
    EXPECT_THROW((void)base::tar_gz({{path, {}}}, "x", kDay), Error) << path;
  }
  EXPECT_THROW((void)base::tar_gz(kTree, "a/b", kDay), Error);
  EXPECT_THROW((void)base::tar_gz(kTree, "..", kDay), Error);
  EXPECT_THAT(
      [] {
        (void)base::tar_gz({{"a", {}}, {"a/b", {}}}, "x", kDay);
      },
      ThrowsMessage<Error>(HasSubstr("a file and a folder")));
  EXPECT_THROW((void)base::tar_gz({{std::string(300, 'a'), {}}}, "x", kDay), Error);  // no ustar name
}

TEST(SourceArchive, OfOthersMayHoldFoldersButNoWayOut) {
  std::string top;
  const auto read = [&](const std::vector<Foreign>& entries) {
    return base::read_tar_gz(tarball(entries), top, kPlenty);
  };
  EXPECT_EQ(read({{"t/", "", AE_IFDIR}, {"t/a", "1"}}), (SourceTree{{"a", {0644, "1"}}}));
  for (const char* const path : {"../a", "/a", "t/../../a", "t//a", "a"})
    EXPECT_THROW(read({{path, "1"}}), Error) << path;
  EXPECT_THAT(
      [&] {
        read({{"t/a", "1"}, {"u/b", "1"}});
      },
      ThrowsMessage<Error>(HasSubstr("u/b lies outside of the top folder t")));
  EXPECT_THAT([&] { read({{"t/a", "1"}, {"t/a", "2"}}); }, ThrowsMessage<Error>(HasSubstr("t/a comes twice")));
  EXPECT_THAT([&] { read({{.path = "t/l", .type = AE_IFLNK, .symlink = "/etc"}}); },
              ThrowsMessage<Error>(HasSubstr("neither a regular file")));
  EXPECT_THAT(
      [&] {
        read({{"t/a", "1"}, {.path = "t/h", .hard_link = "t/a"}});
      },
      ThrowsMessage<Error>(HasSubstr("neither a regular file")));
  EXPECT_THROW(read({{.path = "t/d", .type = AE_IFCHR}}), Error);
  EXPECT_THROW(read({{.path = "t/p", .type = AE_IFIFO}}), Error);
  EXPECT_THROW(read({}), Error);
}

TEST(SourceArchive, ThatIsCutShortOrDamagedIsAnError) {
  const std::string packed = base::tar_gz(kTree, "x", kDay);
  std::string top;
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_THROW((void)base::read_tar_gz(packed.substr(0, size), top, kPlenty), Error) << size;
  }
  for (std::size_t at = packed.size() - 8; at < packed.size(); ++at) {  // checksum and length
    std::string wrong = packed;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_THROW((void)base::read_tar_gz(wrong, top, kPlenty), Error) << at;
  }
  EXPECT_EQ(top, "");
}

TEST(SourceArchive, ThatIsABombStopsAtTheLimit) {
  const std::string packed = tarball({{"t/zeros", std::string(50'000'000, '\0')}});
  EXPECT_LT(packed.size(), 100'000U);
  std::string top;
  EXPECT_THAT([&] { (void)base::read_tar_gz(packed, top, 1'000'000); },
              ThrowsMessage<Error>(HasSubstr("more than 976.6 KiB")));
}

TEST(Gunzip, UnpacksOneMemberOfAnyLength) {
  for (const std::size_t size : {0U, 1U, 65536U, 300'000U}) {
    const std::string bytes(size, 'x');
    const std::string packed = pack({{"x", bytes}}, ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP);
    EXPECT_EQ(base::gunzip(packed, size), bytes) << size;
    if (size > 0) {
      EXPECT_THROW((void)base::gunzip(packed, size - 1), Error) << size;
    }
  }
}

TEST(Gunzip, RefusesWhatIsNotGzip) {
  EXPECT_THROW((void)base::gunzip("", kPlenty), Error);
  EXPECT_THROW((void)base::gunzip("plain text that is long enough", kPlenty), Error);
  EXPECT_THROW((void)base::gunzip("\x1f\x8b" + std::string(30, 'x'), kPlenty), Error);
}

class Listing : public testing::Test {
 protected:
  base::TempDir temp_{base::temp_parent(), "listing-"};
  base::ListedTree list(const std::string& bytes, std::uint64_t limit = kPlenty) {
    base::write_file(temp_.path() / "archive", bytes);
    return base::list_archive(temp_.path() / "archive", limit);
  }
};

TEST_F(Listing, ShowsKindsModesAndTargetsWhateverTheFormatAndFilter) {
  const std::vector<Foreign> entries = {{.path = ".", .type = AE_IFDIR, .perm = 0755},
                                        {.path = "./usr", .type = AE_IFDIR, .perm = 0755},
                                        {.path = "./usr/tool", .content = "x", .perm = 04755},
                                        {.path = "./usr/link", .type = AE_IFLNK, .symlink = "tool", .perm = 0777}};
  const base::ListedTree expected = {{"/usr", {Kind::directory, 0755, "root", "root", ""}},
                                     {"/usr/tool", {Kind::file, 04755, "root", "root", "x"}},
                                     {"/usr/link", {Kind::symlink, 0777, "root", "root", "tool"}}};
  for (const int format :
       {ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED}) {
    for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
      EXPECT_EQ(list(pack(entries, format, filter)), expected) << format << " " << filter;
    }
  }
}

TEST_F(Listing, GivesEveryHardLinkOfATarTheContent) {
  const auto tree = list(pack({{"./a", "x"}, {.path = "./b", .hard_link = "./a"}, {.path = "./c", .hard_link = "./b"}},
                              ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE));
  for (const char* const name : {"/a", "/b", "/c"}) EXPECT_EQ(tree.at(name).content, "x") << name;
}

std::string newc(const std::string& path, const std::string& content, unsigned inode, unsigned links,
                 unsigned mode = 0100644) {
  char header[111];
  std::snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", inode, mode, 0U,
                0U, links, 0U, static_cast<unsigned>(content.size()), 0U, 0U, 0U, 0U,
                static_cast<unsigned>(path.size() + 1), 0U);
  std::string entry = header + path + '\0';
  entry.resize((entry.size() + 3) / 4 * 4);
  entry += content;
  entry.resize((entry.size() + 3) / 4 * 4);
  return entry;
}

TEST_F(Listing, GivesEveryHardLinkOfACpioTheContentThatComesLast) {  // as rpm packs them
  const auto tree =
      list(newc("./a", "", 7, 3) + newc("./b", "", 7, 3) + newc("./c", "x\n", 7, 3) + newc("TRAILER!!!", "", 0, 1));
  ASSERT_EQ(tree.size(), 3U);
  for (const char* const name : {"/a", "/b", "/c"}) EXPECT_EQ(tree.at(name).content, "x\n") << name;
}

TEST_F(Listing, CountsTheCopiesOfHardLinksAgainstTheLimit) {
  std::string cpio;
  for (int i = 0; i < 50; ++i) cpio += newc("./" + std::to_string(i), "", 7, 51);
  cpio += newc("./z", std::string(100'000, 'x'), 7, 51) + newc("TRAILER!!!", "", 0, 1);
  EXPECT_THAT([&] { list(cpio, 1'000'000); }, ThrowsMessage<Error>(HasSubstr("unpacks to more than")));
}

TEST_F(Listing, RefusesPathsThatEscapeDevicesAndWhatComesTwice) {
  const auto tar = [](const std::vector<Foreign>& entries) {
    return pack(entries, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE);
  };
  for (const char* const path : {"../x", "/etc/x", "./a/../../x", "././x", "a//x"})
    EXPECT_THROW(list(tar({{path, "1"}})), Error) << path;
  EXPECT_THROW(list(tar({{.path = "./d", .type = AE_IFCHR}})), Error);
  EXPECT_THROW(list(tar({{"./a", "1"}, {"./a", "2"}})), Error);
  EXPECT_THROW(list(tar({{.path = "./a", .hard_link = "./missing"}})), Error);
  EXPECT_THROW(list(tar({{.path = "./a", .hard_link = "../../etc/shadow"}})), Error);
  EXPECT_EQ(list(tar({{"./a/", "", AE_IFDIR}, {"./a/", "", AE_IFDIR}})).size(), 1U);  // a folder may
}

TEST_F(Listing, RefusesRightsThatAModeDoesNotShow) {
  const auto pax = [](const Foreign& entry) {
    return pack({entry}, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE);
  };
  EXPECT_THAT([&] { list(pax({.path = "./a", .attribute = "security.capability"})); },
              ThrowsMessage<Error>(HasSubstr("/a has the extended attribute security.capability")));
  EXPECT_THAT([&] { list(pax({.path = "./a", .flags = "schg"})); },
              ThrowsMessage<Error>(HasSubstr("has the file flags")));
  EXPECT_THAT([&] { list(pax({.path = "./a", .access_list = true})); },
              ThrowsMessage<Error>(HasSubstr("has an access control list")));
}

TEST_F(Listing, StopsAtTheLimitAndAtAFloodOfEmptyEntries) {
  const std::string zeros =
      pack({{"./zeros", std::string(20'000'000, '\0')}}, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_ZSTD);
  EXPECT_LT(zeros.size(), 20'000U);
  EXPECT_THAT([&] { list(zeros, 1'000'000); }, ThrowsMessage<Error>(HasSubstr("unpacks to more than")));
  std::vector<Foreign> flood;
  for (int i = 0; i < 3000; ++i) flood.push_back({"./" + std::to_string(i)});
  EXPECT_THROW(list(pack(flood, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP), 1'000'000), Error);
}

TEST_F(Listing, OfACutOrForeignFileIsAnErrorThatNamesIt) {
  const std::string whole = pack({{"./a", std::string(5000, 'x')}}, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE);
  EXPECT_THAT([&] { list(whole.substr(0, 3000)); }, ThrowsMessage<Error>(HasSubstr("archive")));
  EXPECT_THROW(list("this is no archive at all"), Error);
  EXPECT_THROW((void)base::list_archive(temp_.path() / "missing", kPlenty), Error);
  EXPECT_THROW((void)base::list_archive(temp_.path(), kPlenty), Error);
}

}  // namespace
