// SPDX-License-Identifier: GPL-3.0-or-later
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_files.hpp"
#include "initramfs/loader.hpp"

namespace {

using initramfs::Closure;
using initramfs::ElfFacts;
using initramfs::Loader;
using initramfs::Missing;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ElfFacts elf(std::vector<std::string> needed, std::string soname = "") {
  ElfFacts facts;
  facts.machine = EM_X86_64;
  facts.dynamic = true;
  facts.needed = std::move(needed);
  facts.soname = std::move(soname);
  return facts;
}
ElfFacts program(std::vector<std::string> needed, std::string interpreter = "/lib64/ld-linux-x86-64.so.2") {
  auto facts = elf(std::move(needed));
  facts.interpreter = std::move(interpreter);
  return facts;
}

constexpr const char* kMultiarch = "usr/lib/x86_64-linux-gnu/";
constexpr const char* kLoader = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
constexpr const char* kLibc = "usr/lib/x86_64-linux-gnu/libc.so.6";

/// Folders as in an image of a system with /usr merged and triplets.
FakeFiles multiarch() {
  FakeFiles files;
  files.links = {{"lib", "usr/lib"}, {"lib64", "usr/lib64"}, {"bin", "usr/bin"}};
  files.links["usr/lib64/ld-linux-x86-64.so.2"] = "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
  files.elves[kLoader] = elf({}, "ld-linux-x86-64.so.2");
  files.elves[kLibc] = elf({"ld-linux-x86-64.so.2"}, "libc.so.6");
  return files;
}
/// And of one with lib64.
FakeFiles lib64() {
  FakeFiles files;
  files.links = {{"lib", "usr/lib"}, {"lib64", "usr/lib64"}};
  files.elves["usr/lib64/ld-linux-x86-64.so.2"] = elf({}, "ld-linux-x86-64.so.2");
  files.elves["usr/lib64/libc.so.6"] = elf({"ld-linux-x86-64.so.2"}, "libc.so.6");
  return files;
}
Closure closure(const FakeFiles& files, const std::string& path = "usr/bin/x") {
  return Loader(files).closure_of(path);
}

void put(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}
struct Cached {
  std::string name, path;
  std::uint32_t flags = 0x303;
  std::uint64_t hwcap = 0;
};
std::string cache(const std::vector<Cached>& entries) {
  std::string out = "glibc-ld.so.cache1.1";
  put(out, entries.size(), 4);
  put(out, 0, 4);
  put(out, 2, 4);  // little-endian
  out.append(16, '\0');
  std::string strings;
  for (const auto& entry : entries) {
    const auto at = 48 + 24 * entries.size() + strings.size();
    put(out, entry.flags, 4);
    put(out, at, 4);
    put(out, at + entry.name.size() + 1, 4);
    put(out, 0, 4);
    put(out, entry.hwcap, 8);
    strings += entry.name + '\0' + entry.path + '\0';
  }
  return out + strings;
}

TEST(Loader, AProgramsLibrariesAreFoundInTheFoldersOfItsTriplet) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"libz.so.1", "libc.so.6"});
  files.elves[kMultiarch + std::string("libz.so.1.3")] = elf({"libc.so.6"}, "libz.so.1");
  files.links[kMultiarch + std::string("libz.so.1")] = "libz.so.1.3";
  const auto found = closure(files, "bin/x");
  EXPECT_EQ(found.fault, "");
  EXPECT_EQ(found.interpreter, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_TRUE(found.interpreter_found);
  EXPECT_FALSE(found.interpreter_static_ok);
  EXPECT_THAT(found.missing, IsEmpty());
  EXPECT_THAT(found.libraries, ElementsAre(kLoader, kMultiarch + std::string("libz.so.1.3"), kLibc));
}

TEST(Loader, AnImageWithoutTheLoaderSaysSo) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"libc.so.6"});
  files.elves.erase(kLoader);
  const auto found = closure(files);
  EXPECT_FALSE(found.interpreter_found);
  EXPECT_EQ(found.interpreter, "/lib64/ld-linux-x86-64.so.2");
}

TEST(Loader, AStaticProgramNeedsNothing) {
  FakeFiles files;
  files.elves["usr/bin/x"] = elf({});
  const auto found = closure(files);
  EXPECT_TRUE(found.interpreter_static_ok);
  EXPECT_THAT(found.libraries, IsEmpty());
  EXPECT_EQ(found.fault, "");
}

TEST(Loader, WhatIsNoProgramIsAFault) {
  FakeFiles files;
  files.texts["usr/bin/x"] = "#!/bin/sh\n";
  EXPECT_THAT(closure(files).fault, HasSubstr("is not an ELF file"));
  EXPECT_THAT(closure(files, "usr/bin/y").fault, HasSubstr("is not there"));
}

TEST(Loader, AMissingLibraryIsToldWithWhoWantsIt) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.elves[kMultiarch + std::string("liba.so.1")] = elf({"libgone.so.2"});
  EXPECT_THAT(closure(files).missing, ElementsAre(Missing{kMultiarch + std::string("liba.so.1"), "libgone.so.2", ""}));
}

TEST(Loader, ADanglingLinkIsMissing) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.links[kMultiarch + std::string("liba.so.1")] = "liba.so.1.0";
  EXPECT_THAT(closure(files).missing, ElementsAre(Missing{"usr/bin/x", "liba.so.1", ""}));
}

TEST(Loader, AFileWhereNoLoaderLooksIsNamed) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"liba.so.1", "libb.so.1", "libc.so.6"});
  files.elves["usr/lib/liba.so.1"] = elf({});  // a loader in lib64 does not look in lib
  files.elves["usr/lib64/glibc-hwcaps/x86-64-v3/libb.so.1"] = elf({});
  EXPECT_THAT(closure(files).missing,
              ElementsAre(Missing{"usr/bin/x", "liba.so.1", "usr/lib/liba.so.1"},
                          Missing{"usr/bin/x", "libb.so.1", "usr/lib64/glibc-hwcaps/x86-64-v3/libb.so.1"}));
}

TEST(Loader, AFolderOfLdSoConfIsNoneOfTheLoadersAndIsNamedFirst) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.elves["opt/a/liba.so.1"] = elf({});
  files.elves["srv/lib/liba.so.1"] = elf({});
  files.texts["etc/ld.so.conf"] = "# all of them\ninclude ld.so.conf.d/*.conf\n";
  files.texts["etc/ld.so.conf.d/own.conf"] = " /srv/lib/ # mine\ninclude /etc/ld.so.conf\n";
  EXPECT_THAT(closure(files).missing, ElementsAre(Missing{"usr/bin/x", "liba.so.1", "srv/lib/liba.so.1"}));
}

TEST(Loader, AnotherClassOrMachineIsPassedOver) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"liba.so.1", "libb.so.1"});
  auto other = elf({});
  other.machine = EM_AARCH64;
  files.elves[kMultiarch + std::string("liba.so.1")] = other;
  files.elves["usr/lib/liba.so.1"] = elf({});
  other = elf({});
  other.bits = 32;
  files.elves["usr/lib/libb.so.1"] = other;
  const auto found = closure(files);
  EXPECT_THAT(found.libraries, Contains("usr/lib/liba.so.1"));
  EXPECT_THAT(found.missing, ElementsAre(Missing{"usr/bin/x", "libb.so.1", ""}));
}

TEST(Loader, AFileThatIsNoLibraryEndsTheSearch) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.texts[kMultiarch + std::string("liba.so.1")] = "INPUT(liba.so.2)";
  files.elves["usr/lib/liba.so.1"] = elf({});
  EXPECT_THAT(closure(files).missing, ElementsAre(Missing{"usr/bin/x", "liba.so.1", "usr/lib/liba.so.1"}));
}

TEST(Loader, TheCacheLeadsToFoldersOfItsOwn) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"liba.so.1", "libb.so.1", "libc.so.6"});
  files.elves["opt/a/liba.so.1"] = elf({});
  files.elves["opt/v3/libb.so.1"] = elf({});
  files.texts["etc/ld.so.cache"] = cache({{"libb.so.1", "/opt/v3/libb.so.1", 0x303, std::uint64_t{1} << 62U},
                                          {"liba.so.1", "/opt/32/liba.so.1", 0x003},
                                          {"liba.so.1", "/opt/a/liba.so.1"},
                                          {"libc.so.6", "/gone/libc.so.6"}});
  const auto found = closure(files);
  EXPECT_THAT(found.libraries, ElementsAre("usr/lib64/ld-linux-x86-64.so.2", "opt/a/liba.so.1", "usr/lib64/libc.so.6"));
  EXPECT_THAT(found.missing, ElementsAre(Missing{"usr/bin/x", "libb.so.1", "opt/v3/libb.so.1"}));
  EXPECT_EQ(found.fault, "");
}

TEST(Loader, ACacheThatWasNotKeptIsAFault) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"libc.so.6"});
  files.unreadable.insert("etc/ld.so.cache");
  EXPECT_THAT(closure(files).fault, HasSubstr("ld.so.cache was not kept"));
}

TEST(Loader, RunpathIsForTheOwnLibrariesAlone) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.elves["usr/bin/x"].runpath = "$ORIGIN/../priv:/none";
  files.elves["usr/priv/liba.so.1"] = elf({"libb.so.1"});
  files.elves["usr/priv/libb.so.1"] = elf({});
  const auto found = closure(files);
  EXPECT_THAT(found.libraries, Contains("usr/priv/liba.so.1"));
  EXPECT_THAT(found.missing, ElementsAre(Missing{"usr/priv/liba.so.1", "libb.so.1", "usr/priv/libb.so.1"}));
}

TEST(Loader, RpathIsForWhatTheLibrariesNeedToo) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"liba.so.1"});
  files.elves["usr/bin/x"].rpath = "/usr/${LIB}/priv/$PLATFORM";
  files.elves["usr/lib64/priv/x86_64/liba.so.1"] = elf({"libb.so.1"});
  files.elves["usr/lib64/priv/x86_64/libb.so.1"] = elf({});
  EXPECT_THAT(closure(files).missing, IsEmpty());
  // who has a RUNPATH is not helped by another's RPATH, and has no RPATH
  files.elves["usr/lib64/priv/x86_64/liba.so.1"].runpath = "/none";
  EXPECT_EQ(closure(files).missing.size(), 1U);
  files.elves["usr/lib64/priv/x86_64/liba.so.1"].runpath = "";
  files.elves["usr/bin/x"].runpath = "/none";
  EXPECT_EQ(closure(files).missing.size(), 1U);
}

TEST(Loader, WhatIsLoadedAnswersToItsSoname) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"/opt/liba-1.so", "libb.so.1"});
  files.elves["opt/liba-1.so"] = elf({}, "liba.so.1");
  files.elves["usr/lib64/libb.so.1"] = elf({"liba.so.1"});
  const auto found = closure(files);
  EXPECT_THAT(found.missing, IsEmpty());
  EXPECT_THAT(found.libraries, Contains("opt/liba-1.so"));
}

TEST(Loader, ALibraryIsLookedAtWithTheLoaderThatIsThere) {
  auto files = multiarch();
  files.elves["usr/lib/x86_64-linux-gnu/security/pam_x.so"] = elf({"libc.so.6", "libpam.so.0"});
  const auto found = closure(files, "usr/lib/x86_64-linux-gnu/security/pam_x.so");
  EXPECT_TRUE(found.interpreter_found);
  EXPECT_EQ(found.interpreter, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_EQ(found.missing.size(), 1U);
  EXPECT_THAT(found.libraries, Contains(kLibc));
}

TEST(Loader, ALoaderThatWasCopiedToItsNameLooksWhereTheLibcIs) {
  auto files = multiarch();
  files.elves["usr/bin/x"] = program({"libc.so.6"});
  files.links.erase("usr/lib64/ld-linux-x86-64.so.2");
  files.elves["usr/lib64/ld-linux-x86-64.so.2"] = elf({}, "ld-linux-x86-64.so.2");
  EXPECT_THAT(closure(files).missing, IsEmpty());
}

TEST(Loader, MuslHasItsOwnFoldersAndNames) {
  FakeFiles files;
  files.elves["lib/ld-musl-x86_64.so.1"] = elf({}, "libc.musl-x86_64.so.1");
  files.elves["usr/bin/x"] = program({"libz.so.1", "libc.musl-x86_64.so.1", "libm.so.6"}, "/lib/ld-musl-x86_64.so.1");
  files.elves["usr/local/lib/libz.so.1"] = elf({"libgone.so"});
  const auto found = closure(files);
  EXPECT_TRUE(found.interpreter_found);
  EXPECT_THAT(found.libraries, ElementsAre("lib/ld-musl-x86_64.so.1", "usr/local/lib/libz.so.1"));
  EXPECT_THAT(found.missing, ElementsAre(Missing{"usr/local/lib/libz.so.1", "libgone.so", ""}));
  files.texts["etc/ld-musl-x86_64.path"] = "/opt/lib:/srv\n/usr/lib\n";
  EXPECT_THAT(closure(files).missing, ElementsAre(Missing{"usr/bin/x", "libz.so.1", "usr/local/lib/libz.so.1"}));
}

TEST(Loader, AFaultOfALibraryIsOneOfTheWhole) {
  auto files = lib64();
  files.elves["usr/bin/x"] = program({"libc.so.6"});
  files.elves["usr/lib64/libc.so.6"].fault = "the dynamic section has no end";
  EXPECT_EQ(closure(files).fault, "usr/lib64/libc.so.6: the dynamic section has no end");
}

TEST(Loader, AHostileSearchEnds) {
  auto files = lib64();
  std::vector<std::string> needed;
  for (int i = 0; i < 4000; ++i) needed.push_back("lib" + std::to_string(i) + ".so");
  files.elves["usr/bin/x"] = program(needed);
  for (int i = 0; i < 1000; ++i) files.elves["usr/bin/x"].runpath += "/d:";
  const auto found = closure(files);
  EXPECT_THAT(found.fault, HasSubstr("more"));
  EXPECT_LE(found.missing.size(), 1024U);
  files.elves["usr/bin/x"] = program({"libself.so"});
  files.elves["usr/lib64/libself.so"] = elf({"libother.so"});
  files.elves["usr/lib64/libother.so"] = elf({"libself.so"});
  EXPECT_EQ(closure(files).libraries.size(), 3U);
}

}  // namespace
