// SPDX-License-Identifier: GPL-3.0-or-later
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>

#include "base/files.hpp"
#include "fake_files.hpp"
#include "initramfs/ld_cache.hpp"

namespace {

using initramfs::ElfFacts;
using initramfs::LdCache;
using testing::ElementsAre;

void put(std::string& out, std::uint64_t value, std::size_t width, bool big = false) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * (big ? width - 1 - i : i)) & 0xffU);
}

/// One library, in the new format.
std::string fresh(bool big = false, unsigned order = 0) {
  std::string out = "glibc-ld.so.cache1.1";
  put(out, 1, 4, big);
  put(out, 12, 4, big);
  out += static_cast<char>(order);
  out.append(19, '\0');
  put(out, 0x303, 4, big);
  put(out, 72, 4, big);
  put(out, 77, 4, big);
  out.append(12, '\0');
  return out + std::string("l.so\0/o/l.so\0", 13);
}
std::string old(unsigned count) {
  std::string out = "ld.so-1.7.0";
  out += '\0';
  put(out, count, 4);
  for (unsigned i = 0; i < count; ++i) {
    put(out, 0x303, 4);
    put(out, 0, 4);
    put(out, 5, 4);
  }
  return out;
}

TEST(LdCache, BothFormatsAndBothTogetherAreRead) {
  ElfFacts program;
  program.machine = EM_X86_64;
  const auto strings = std::string("l.so\0/o/l.so\0", 13);
  const auto padded = old(1) + std::string(4, '\0');
  for (const auto& bytes : {fresh(), old(1) + strings, padded + fresh(), old(1) + fresh(), old(2) + fresh()}) {
    const auto cache = LdCache::parse(bytes, false);
    ASSERT_TRUE(cache);
    const auto* entry = cache->find("l.so", program);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->path, "/o/l.so");
    EXPECT_EQ(cache->find("l.s", program), nullptr);
  }
}

TEST(LdCache, AnotherByteOrderIsLeftAsTheLoaderLeavesIt) {
  EXPECT_TRUE(LdCache::parse(fresh(false, 2), false));
  EXPECT_FALSE(LdCache::parse(fresh(false, 3), false));
  EXPECT_FALSE(LdCache::parse(fresh(false, 1), false));
  EXPECT_TRUE(LdCache::parse(fresh(true, 3), true));
  EXPECT_FALSE(LdCache::parse(fresh(false, 0), true));  // 16 million entries
}

TEST(LdCache, WhatIsCutOffIsNoCacheOrHasNoSuchEntry) {
  for (const auto& whole : {fresh(), old(1) + std::string("l.so\0/o/l.so\0", 13)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto bytes = whole.substr(0, length);
      const auto cache = LdCache::parse(bytes, false);
      EXPECT_TRUE(!cache || cache->entries().empty()) << length;
    }
  }
}

TEST(LdCache, TheSystemsOwnIsRead) {
  if (!std::filesystem::exists("/etc/ld.so.cache")) GTEST_SKIP() << "this system has no /etc/ld.so.cache";
  const auto bytes = base::read_file("/etc/ld.so.cache", 16U << 20U);
  const auto cache = LdCache::parse(bytes, std::endian::native == std::endian::big);
  ASSERT_TRUE(cache);
  bool libc = false;
  for (const auto& entry : cache->entries()) libc = libc || entry.name == "libc.so.6";
  EXPECT_TRUE(libc);
}

TEST(LdConf, FoldersAndIncludesAreRead) {
  FakeFiles files;
  files.texts["etc/ld.so.conf"] =
      "/usr/local/lib\n  /opt/a=libc6 # note\nhwcap 1 nosegneg\nrelative\n"
      "include ld.so.conf.d/*.conf /etc/other nothing";
  files.texts["etc/ld.so.conf.d/b.conf"] = "/b/\n";
  files.texts["etc/ld.so.conf.d/a.conf"] = "/a\r\n";
  files.texts["etc/ld.so.conf.d/.hidden.conf"] = "/hidden\n";
  files.texts["etc/ld.so.conf.d/c.con"] = "/c\n";
  files.texts["etc/other"] = "include ld.so.conf\n/other";
  const auto folders = initramfs::ld_conf_folders(files);
  ASSERT_GE(folders.size(), 5U);
  EXPECT_THAT(std::vector<std::string>(folders.begin(), folders.begin() + 4),
              ElementsAre("usr/local/lib", "opt/a", "a", "b"));
  EXPECT_LE(folders.size(), 256U);  // for all that a file includes itself
}

TEST(LdConf, PatternsMatch) {
  using initramfs::matches_pattern;
  EXPECT_TRUE(matches_pattern("*.conf", "a.conf"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a?c*", "abc"));
  EXPECT_TRUE(matches_pattern("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(matches_pattern("*.conf", "a.conf~"));
  EXPECT_FALSE(matches_pattern("a?c", "ac"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

}  // namespace
