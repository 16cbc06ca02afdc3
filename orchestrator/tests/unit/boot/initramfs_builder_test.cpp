// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "archives.hpp"
#include "base/error.hpp"
#include "initramfs/builder.hpp"
#include "initramfs/unpack.hpp"

namespace initramfs {
namespace {

using archives::cpio;
using archives::Entry;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kFolder = 0040755;
constexpr std::uint32_t kLink = 0120777;
constexpr std::uint32_t kDevice = 0020600;

Image image_of(std::string_view bytes, Limits limits = {}) {
  Image image;
  ReadOptions wanted;
  wanted.content = [](std::string_view) { return 4096U; };
  wanted.digests = true;
  Builder builder(image, wanted, limits);
  Unpacker unpacker(builder, image, &builder, limits);
  if (unpacker.feed(bytes)) unpacker.finish();
  return image;
}

std::string content(const Image& image, std::string_view path) {
  return std::string(image.content(path).value_or("(nothing)"));
}

TEST(Builder, ALaterFileTakesThePlaceOfAnEarlierOne) {
  const auto image = image_of(cpio({{"a", "first"}}) + cpio({{"a", "2nd"}}));
  EXPECT_EQ(content(image, "a"), "2nd");
  EXPECT_EQ(image.find("a")->size, 3U);
  EXPECT_EQ(image.find("a")->part, 1U);
}

TEST(Builder, AFileGoesWhereTheLinksOfItsFolderLead) {
  const auto image =
      image_of(cpio({{"usr", "", kFolder}, {"usr/lib", "", kFolder}, {"lib", "usr/lib", kLink}, {"lib/x", "there"}}));
  EXPECT_EQ(content(image, "usr/lib/x"), "there");
  EXPECT_EQ(image.resolve("lib/x"), "usr/lib/x");
  EXPECT_THAT(image.list("lib"), ElementsAre("x"));
}

TEST(Builder, NamesThatLeadOutOfTheRootStayInIt) {
  const auto image = image_of(cpio({{"../../etc", "", kFolder}, {"/etc/a", "1"}, {"etc/../../b", "2"}, {"./c", "3"}}));
  EXPECT_EQ(content(image, "etc/a"), "1");
  EXPECT_EQ(content(image, "b"), "2");
  EXPECT_EQ(content(image, "c"), "3");
  EXPECT_THAT(image.faults, IsEmpty());
}

TEST(Builder, WhatHasNoFolderIsLostAndSaidWithItsPlace) {
  const auto archive = cpio({{"a", "1"}, {"none/b", "2"}, {"a/c", "3"}});
  const auto image = image_of(archive);
  ASSERT_THAT(image.faults, SizeIs(2));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::lost);
  EXPECT_THAT(image.faults[0].message, HasSubstr("none/b: its folder is not there"));
  EXPECT_EQ(image.faults[0].offset, 116U);
  EXPECT_THAT(image.faults[1].message, HasSubstr("a/c: its folder is not there"));
}

TEST(Builder, LoopsOfLinksLeadNowhere) {
  const auto image =
      image_of(cpio({{"x", "y", kLink}, {"y", "x", kLink}, {"x/file", "1"}, {"self", "self/self", kLink}}));
  EXPECT_EQ(image.find("x"), nullptr);
  EXPECT_EQ(image.find("self/a"), nullptr);
  EXPECT_THAT(image.faults, SizeIs(1));
  EXPECT_NE(image.find_link("x"), nullptr);
}

TEST(Builder, HardLinksShareTheBytesThatComeWithAnyOfThem) {
  // GNU cpio gives the bytes with the last name, 3cpio with the first.
  const auto last = image_of(cpio({{"a", "", 0100644, 7, 2}, {"b", "bytes", 0100644, 7, 2}}));
  EXPECT_EQ(content(last, "a"), "bytes");
  EXPECT_EQ(content(last, "b"), "bytes");
  EXPECT_EQ(last.find("a")->links, 2U);
  const auto first = image_of(cpio({{"a", "bytes", 0100644, 7, 2}, {"b", "", 0100644, 7, 2}}));
  EXPECT_EQ(content(first, "a"), "bytes");
  EXPECT_EQ(content(first, "b"), "bytes");
}

TEST(Builder, InodeNumbersOfAnotherArchiveAreOtherFiles) {
  const auto image = image_of(cpio({{"a", "first", 0100644, 7, 2}}) + cpio({{"b", "second", 0100644, 7, 2}}));
  EXPECT_EQ(content(image, "a"), "first");
  EXPECT_EQ(content(image, "b"), "second");
}

TEST(Builder, ALinkIsReplacedByAFileAndNotFollowed) {
  const auto image = image_of(cpio({{"target", "keep"}, {"x", "target", kLink}, {"x", "new"}}));
  EXPECT_EQ(content(image, "target"), "keep");
  EXPECT_EQ(content(image, "x"), "new");
}

TEST(Builder, AFolderThatIsNotEmptyStays) {
  const auto image = image_of(cpio({{"d", "", kFolder}, {"d/f", "1"}, {"d", "file"}}));
  EXPECT_TRUE(image.find("d")->is_directory());
  EXPECT_THAT(image.faults, SizeIs(1));
}

TEST(Builder, TheKernelsOwnFoldersNeedNoEntry) {
  const auto image = image_of(cpio({{"dev/null", "", kDevice}, {"root/.profile", "x"}}));
  EXPECT_THAT(image.faults, IsEmpty());
  EXPECT_EQ(content(image, "root/.profile"), "x");
  std::vector<std::string> names;
  image.each([&](const std::string& path, const Node&) { names.push_back(path); });
  EXPECT_THAT(names, ElementsAre("dev/null", "root/.profile"));
}

TEST(Builder, LongFilesAreNotKept) {
  const auto image = image_of(cpio({{"long", std::string(5000, 'x')}, {"short", "s"}}));
  EXPECT_FALSE(image.content("long"));
  EXPECT_EQ(image.find("long")->size, 5000U);
  EXPECT_THAT(image.find("long")->digest, SizeIs(32));
}

TEST(Builder, ASumThatDoesNotFitStopsTheKernel) {
  auto archive = cpio({{"a", "1234"}}, true);
  archive[archive.find("1234")] = '9';
  const auto image = image_of(archive);
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::broken);
}

TEST(Builder, HeadersThatLieAreFaults) {
  const auto archive = cpio({{"a", "1"}});
  auto name_of_4_gib = archive;
  name_of_4_gib.replace(94, 8, "fffffff0");
  EXPECT_THAT(image_of(name_of_4_gib).faults[0].message, HasSubstr("a name of 4294967280 bytes"));
  auto size_of_4_gib = archive;
  size_of_4_gib.replace(54, 8, "ffffffff");
  EXPECT_THAT(image_of(size_of_4_gib).faults, SizeIs(1));
  auto no_number = archive;
  no_number.replace(54, 8, "0000zzzz");
  EXPECT_THAT(image_of(no_number).faults[0].message, HasSubstr("where a number should be"));
  auto no_zero = archive;
  no_zero[111] = 'x';
  EXPECT_THAT(image_of(no_zero).faults[0].message, HasSubstr("does not end"));
  EXPECT_THAT(image_of("070707" + archive.substr(6)).faults[0].message, HasSubstr("cpio -H newc"));
}

TEST(Builder, DeepPathsAndManyLinksEndAtALimit) {
  Limits limits;
  limits.steps = 10000;
  std::vector<Entry> entries;
  std::string path;
  for (int depth = 0; depth < 500; ++depth) {
    path += depth == 0 ? "d" : "/d";
    entries.push_back({path, "", kFolder});
  }
  const auto image = image_of(cpio(entries), limits);
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::limit);
}

}  // namespace
}  // namespace initramfs
