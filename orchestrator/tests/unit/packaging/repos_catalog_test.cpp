// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "repos/catalog.hpp"

namespace {

using repos::Catalog;
using repos::Published;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Published entry(const std::string& release, const std::string& version) {
  Published out;
  out.distribution = "one";
  out.distribution_name = "One Linux";
  out.release = release;
  out.manager = "apt";
  out.package = "p";
  out.version = version;
  out.arch = "all";
  out.key = "k" + version;
  out.time = 1700000000;
  out.files = {{"one/" + release + "/" + version, "aa", 3}};
  out.how = "one/" + release + ".sources";
  out.commands = {"apt install p"};
  return out;
}

Published of(Published entry, const std::string& package, const std::string& arch) {
  entry.package = package;
  entry.arch = arch;
  return entry;
}

std::vector<std::string> versions(const Catalog& catalog, const std::string& release) {
  std::vector<std::string> out;
  for (const auto* one : repos::of_release(catalog, "one", release)) out.push_back(one->version);
  return out;
}

Catalog sample() {
  Catalog catalog;
  catalog.project = "p";
  catalog.url = "https://example.org";
  catalog.fingerprint = "ABCD";
  catalog.entries = {entry("1", "1-1"), entry("2", "1-1"), entry("1", "1-2"), entry("1", "1-3"), entry("2", "1-2")};
  return catalog;
}

TEST(Catalog, WhatIsWrittenIsReadBack) {
  auto catalog = sample();
  catalog.entries.front().replaces = "other";
  EXPECT_EQ(repos::read_catalog(repos::to_json(catalog)).entries.front().replaces, "other");
  EXPECT_EQ(repos::to_json(repos::read_catalog(repos::to_json(catalog))), repos::to_json(catalog));
  const auto read = repos::read_catalog(repos::to_json(catalog));
  EXPECT_EQ(read.project, "p");
  EXPECT_EQ(read.url, "https://example.org");
  EXPECT_EQ(read.entries.at(1).arch, "all");
  EXPECT_EQ(read.entries.at(1).files.at(0).path, "one/2/1-1");
  EXPECT_THAT(read.entries.at(1).commands, ElementsAre("apt install p"));
}

TEST(Catalog, TheKeysBeforeAndAfterAreWrittenWhereThereAreAny) {
  auto catalog = sample();
  for (const auto* absent : {"next_key", "old_keys", "revoked_keys", "valid_until", "signed_with"})
    EXPECT_THAT(repos::to_json(catalog), testing::Not(testing::HasSubstr(absent)));
  EXPECT_EQ(repos::read_catalog(repos::to_json(catalog)).entries.front().signed_with, "ABCD");
  catalog.next = std::string(40, 'B');
  catalog.old = {std::string(40, 'C')};
  catalog.revoked = {std::string(40, 'D')};
  catalog.valid_until = 1'900'000'000;
  catalog.entries.front().signed_with = std::string(40, 'C');
  const auto read = repos::read_catalog(repos::to_json(catalog));
  EXPECT_EQ(read.next, catalog.next);
  EXPECT_EQ(read.old, catalog.old);
  EXPECT_EQ(read.revoked, catalog.revoked);
  EXPECT_EQ(read.valid_until, 1'900'000'000);
  EXPECT_EQ(read.entries.front().signed_with, catalog.old.front());
  EXPECT_EQ(read.entries.back().signed_with, "ABCD");
  catalog.next = "--yes";
  EXPECT_THROW((void)repos::read_catalog(repos::to_json(catalog)), base::Error);
}

TEST(Catalog, TheOldestVersionsOfEachReleaseGoAndTheNewestNeverDoes) {
  auto catalog = sample();
  EXPECT_THAT(repos::prune(catalog, 3), IsEmpty());
  const auto gone = repos::prune(catalog, 2);
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].version, "1-1");
  EXPECT_EQ(gone[0].release, "1");
  EXPECT_THAT(versions(catalog, "1"), ElementsAre("1-2", "1-3"));
  EXPECT_THAT(versions(catalog, "2"), ElementsAre("1-1", "1-2"));
  (void)repos::prune(catalog, 0);
  EXPECT_THAT(versions(catalog, "1"), ElementsAre("1-3"));
  EXPECT_THAT(versions(catalog, "2"), ElementsAre("1-2"));
}

TEST(Catalog, VersionsAreKeptOfEachPackageAndArchitecture) {
  Catalog catalog;
  for (const auto* version : {"1-1", "1-2", "1-3"}) {
    catalog.entries.push_back(entry("1", version));
    catalog.entries.push_back(of(entry("1", version), "p-tools", "amd64"));
    if (std::string(version) != "1-2") catalog.entries.push_back(of(entry("1", version), "p-tools", "arm64"));
  }
  EXPECT_THAT(repos::prune(catalog, 3), IsEmpty());
  const auto gone = repos::prune(catalog, 2);
  ASSERT_THAT(gone, SizeIs(2));
  EXPECT_EQ(gone[0].package + gone[0].version, "p1-1");
  EXPECT_EQ(gone[1].arch + gone[1].version, "amd641-1");
  EXPECT_THAT(repos::of_release(catalog, "one", "1"), SizeIs(6));
}

TEST(Catalog, TheNewestOfEachPackageAndArchitectureIsFoundWhateverCameLast) {
  Catalog catalog;
  catalog.entries = {of(entry("1", "1-1"), "p-tools", "arm64"), entry("1", "1-1"),
                     of(entry("1", "1-1"), "p-tools", "amd64"), entry("1", "1-2")};
  std::vector<std::string> found;
  for (const auto* one : repos::newest_of(repos::of_release(catalog, "one", "1")))
    found.push_back(one->package + " " + one->arch + " " + one->version);
  EXPECT_THAT(found, ElementsAre("p all 1-2", "p-tools amd64 1-1", "p-tools arm64 1-1"));
}

TEST(Catalog, AFileThatIsThereWithOtherContentsIsFoundWithItsRevision) {
  auto catalog = sample();
  catalog.entries[0].files.push_back({"one/pool/p_1.orig.tar.gz", "bb", 5});
  catalog.entries[3].files.push_back({"one/pool/p_1.orig.tar.gz", "bb", 5});
  EXPECT_EQ(repos::with_other_contents(catalog, "one/pool/p_1.orig.tar.gz", "bb"), nullptr);
  EXPECT_EQ(repos::with_other_contents(catalog, "one/pool/p_2.orig.tar.gz", "cc"), nullptr);
  const auto* found = repos::with_other_contents(catalog, "one/pool/p_1.orig.tar.gz", "cc");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->version, "1-1");
}

TEST(Catalog, TheFirstFormatHadOnePackageForAllArchitectures) {
  const auto text = [](const std::string& path) {
    return R"({"format":1,"url":"https://example.org","key":"ABCD","packages":[{"distribution":"one",)"
           R"("distribution_name":"One","release":"1","manager":"m","package":"p","version":"1-1","key":"k","time":1,)"
           R"("how":"one/p.conf","commands":["x"],"files":[{"path":")" +
           path + R"(","size":1,"sha256":"aa"}]}]})";
  };
  for (const auto& [path, arch] : {std::pair("one/1/packages/p-1-1.noarch.rpm", "noarch"),
                                   {"one/pool/x/p_1-1_all.deb", "all"},
                                   {"one/1/p-1-1-any.pkg.tar.zst", "any"},
                                   {"one/1/distfiles/p-1.tar.gz", "any"}}) {
    const auto read = repos::read_catalog(text(path));
    EXPECT_EQ(read.entries.at(0).arch, arch) << path;
    EXPECT_EQ(read.project, "p");
    EXPECT_TRUE(repos::is_for_all(read.entries.at(0)));
  }
}

TEST(Catalog, ANameThatEscapesIsRefused) {
  for (const auto* name : {"..", "a/b", "", "."}) {
    for (auto field : {&Published::distribution, &Published::release, &Published::package, &Published::arch}) {
      auto catalog = sample();
      catalog.entries[0].*field = name;
      EXPECT_THROW((void)repos::read_catalog(repos::to_json(catalog)), base::Error) << name;
    }
    auto catalog = sample();
    catalog.project = name;
    EXPECT_THROW((void)repos::read_catalog(repos::to_json(catalog)), base::Error) << name;
  }
}

TEST(Catalog, APathThatEscapesIsRefused) {
  for (const auto* path : {"../x", "/etc/passwd", "a//b", ""}) {
    auto catalog = sample();
    catalog.entries[0].files[0].path = path;
    EXPECT_THROW((void)repos::read_catalog(repos::to_json(catalog)), base::Error) << path;
    catalog = sample();
    catalog.entries[0].how = path;
    EXPECT_THROW((void)repos::read_catalog(repos::to_json(catalog)), base::Error) << path;
  }
}

TEST(Catalog, WhatIsNoneIsAnErrorAndNotACrash) {
  for (const auto* text : {"", "[]", "{}", "null", R"({"format":3,"url":"","key":"","packages":[]})", R"({"format":0})",
                           R"({"format":1,"url":"","key":"","packages":[{}]})", R"({"format":1,"url":3})"}) {
    EXPECT_THROW((void)repos::read_catalog(text), base::Error) << text;
  }
}

}  // namespace
