// SPDX-License-Identifier: GPL-3.0-or-later
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.hpp"
#include "elf_maker.hpp"
#include "initramfs/elf.hpp"

namespace {

using elf_maker::Maker;
using initramfs::ElfFacts;
using initramfs::ElfProbe;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Maker sample() {
  Maker maker;
  maker.interpreter = "/lib/ld.so.1";
  maker.texts = {{DT_NEEDED, "libcrypt.so.1"},
                 {DT_NEEDED, "libc.so.6"},
                 {DT_SONAME, "libself.so.2"},
                 {DT_RPATH, "/opt/old"},
                 {DT_RUNPATH, "$ORIGIN/../lib"}};
  return maker;
}

std::optional<ElfFacts> probe_pieces(std::string_view bytes, std::size_t piece) {
  ElfProbe probe;
  probe.begin(bytes.size());
  for (std::size_t at = 0; at < bytes.size() && probe.wants_more(); at += piece) probe.feed(bytes.substr(at, piece));
  return probe.finish();
}
std::optional<ElfFacts> probe(std::string_view bytes) { return probe_pieces(bytes, bytes.size()); }
std::string fault_of(std::string_view bytes) {
  const auto facts = probe(bytes);
  return facts ? facts->fault : "no ELF";
}

void expect_sample(const ElfFacts& facts) {
  EXPECT_EQ(facts.fault, "");
  EXPECT_TRUE(facts.dynamic);
  EXPECT_EQ(facts.machine, EM_X86_64);
  EXPECT_EQ(facts.interpreter, "/lib/ld.so.1");
  EXPECT_EQ(facts.soname, "libself.so.2");
  EXPECT_EQ(facts.rpath, "/opt/old");
  EXPECT_EQ(facts.runpath, "$ORIGIN/../lib");
  EXPECT_THAT(facts.needed, ElementsAre("libcrypt.so.1", "libc.so.6"));
}

TEST(Elf, BothClassesAndBothByteOrdersAreRead) {
  for (const unsigned bits : {32U, 64U}) {
    for (const bool big : {false, true}) {
      auto maker = sample();
      maker.bits = bits;
      maker.big = big;
      const auto facts = probe(maker.make());
      ASSERT_TRUE(facts);
      expect_sample(*facts);
      EXPECT_EQ(facts->bits, bits);
      EXPECT_EQ(facts->big_endian, big);
    }
  }
}

TEST(Elf, ThePiecesOfAFileMakeNoDifference) {
  for (const bool last : {false, true}) {
    auto maker = sample();
    maker.strings_last = maker.table_last = last;
    maker.padding = 700;
    const auto bytes = maker.make();
    const auto whole = probe(bytes);
    ASSERT_TRUE(whole);
    expect_sample(*whole);
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
      ElfProbe halves;
      halves.begin(bytes.size());
      halves.feed(std::string_view(bytes).substr(0, split));
      halves.feed(std::string_view(bytes).substr(split));
      ASSERT_EQ(halves.finish(), whole) << split;
    }
    for (const std::size_t piece : {1U, 2U, 7U, 64U}) ASSERT_EQ(probe_pieces(bytes, piece), whole) << piece;
  }
}

TEST(Elf, AFileCutAnywhereHasAFaultAndNoCrash) {
  const auto bytes = sample().make();
  const std::string_view view(bytes);
  for (std::size_t length = 4; length < bytes.size(); ++length) {
    ASSERT_NE(fault_of(view.substr(0, length)), "") << length;
    ElfProbe promised;  // the size that was promised does not come
    promised.begin(bytes.size());
    promised.feed(view.substr(0, length));
    const auto facts = promised.finish();
    ASSERT_TRUE(facts);
    ASSERT_TRUE(!facts->fault.empty() || !promised.wants_more()) << length;
  }
  EXPECT_THAT(fault_of(view.substr(0, 30)), HasSubstr("ends within its ELF header"));
}

TEST(Elf, WhatIsNoElfFileIsLeftAtItsFirstBytes) {
  ElfProbe probe;
  probe.begin(1000);
  EXPECT_TRUE(probe.wants_more());
  probe.feed("#!/bin/sh\n");
  EXPECT_FALSE(probe.wants_more());
  probe.feed("more");
  EXPECT_FALSE(probe.finish());
  probe.begin(0);
  EXPECT_FALSE(probe.finish());
}

TEST(Elf, AKernelModuleIsOfNoInterestBehindItsHeader) {
  auto maker = sample();
  maker.type = ET_REL;
  const auto bytes = maker.make();
  ElfProbe probe;
  probe.begin(bytes.size());
  probe.feed(std::string_view(bytes).substr(0, 64));
  EXPECT_FALSE(probe.wants_more());
  const auto facts = probe.finish();
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->dynamic);
  EXPECT_EQ(facts->fault, "");
  EXPECT_EQ(facts->machine, EM_X86_64);
}

TEST(Elf, NothingIsWantedBehindTheDynamicSection) {
  auto bytes = sample().make();
  const auto length = bytes.size();
  bytes.append(100000, 'x');
  ElfProbe probe;
  probe.begin(bytes.size());
  probe.feed(std::string_view(bytes).substr(0, length));
  EXPECT_FALSE(probe.wants_more());
  const auto facts = probe.finish();
  ASSERT_TRUE(facts);
  expect_sample(*facts);
}

TEST(Elf, AProbeIsUsedAgain) {
  const auto first = sample().make();
  auto other = sample();
  other.interpreter.clear();
  other.texts = {{DT_NEEDED, "libm.so.6"}};
  const auto second = other.make();
  ElfProbe probe;
  for (int round = 0; round < 2; ++round) {
    probe.begin(first.size());
    probe.feed(first);
    expect_sample(probe.finish().value());
    probe.begin(second.size());
    probe.feed(second);
    const auto facts = probe.finish().value();
    EXPECT_THAT(facts.needed, ElementsAre("libm.so.6"));
    EXPECT_EQ(facts.interpreter, "");
    EXPECT_EQ(facts.soname, "");
  }
}

TEST(Elf, AFileWithoutADynamicSectionIsStatic) {
  auto maker = sample();
  auto bytes = maker.make();
  bytes.replace(64 + 3 * 56, 4, std::string(4, '\0'));  // PT_DYNAMIC -> PT_NULL
  const auto facts = probe(bytes).value();
  EXPECT_EQ(facts.fault, "");
  EXPECT_FALSE(facts.dynamic);
  EXPECT_EQ(facts.interpreter, "/lib/ld.so.1");
  EXPECT_THAT(facts.needed, IsEmpty());
}

/// One number of a 64-bit little-endian file replaced.
std::string with(std::string bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
  return bytes;
}

TEST(Elf, HostileHeadersAreFaults) {
  const auto bytes = sample().make();
  EXPECT_THAT(fault_of(with(bytes, EI_CLASS, 9, 1)), HasSubstr("neither 32 nor 64"));
  EXPECT_THAT(fault_of(with(bytes, EI_DATA, 0, 1)), HasSubstr("byte order"));
  EXPECT_THAT(fault_of(with(bytes, 56, 65535, 2)), HasSubstr("more program headers"));
  EXPECT_THAT(fault_of(with(bytes, 56, 1170, 2)), HasSubstr("outside the file"));
  EXPECT_THAT(fault_of(with(bytes, 56, 0, 2)), HasSubstr("no program headers"));
  EXPECT_THAT(fault_of(with(bytes, 54, 1, 2)), HasSubstr("another size"));
  for (const std::uint64_t offset : {UINT64_MAX, UINT64_MAX - 100, std::uint64_t{1} << 63U, bytes.size() - 10}) {
    EXPECT_THAT(fault_of(with(bytes, 32, offset, 8)), HasSubstr("outside the file")) << offset;
  }
  EXPECT_THAT(fault_of(with(bytes, 64 + 32, UINT64_MAX, 8)), HasSubstr("the interpreter's name lies outside"));
  EXPECT_THAT(fault_of(with(bytes, 64 + 32, 5, 8)), HasSubstr("the interpreter's name has no end"));
  EXPECT_THAT(fault_of(with(bytes, 64 + 3 * 56 + 32, UINT64_MAX - 7, 8)), HasSubstr("dynamic section lies outside"));
  EXPECT_THAT(fault_of(with(bytes, 32, 8, 8)), HasSubstr(""));  // program headers that overlap the header: no crash
}

TEST(Elf, HostileDynamicSectionsAreFaults) {
  auto endless = sample();
  endless.terminated = false;
  EXPECT_THAT(fault_of(endless.make()), HasSubstr("no end"));
  auto outside = sample();
  outside.plain = {{DT_NEEDED, 5000}};
  EXPECT_THAT(fault_of(outside.make()), HasSubstr("outside the table of strings"));
  auto many = sample();
  for (int i = 0; i < 5000; ++i) many.plain.emplace_back(DT_NEEDED, 1);
  EXPECT_THAT(fault_of(many.make()), HasSubstr("needs more libraries"));
  auto long_name = sample();
  long_name.texts.emplace_back(DT_NEEDED, std::string(4097, 'x'));
  EXPECT_THAT(fault_of(long_name.make()), HasSubstr("outside the table of strings"));
  auto again = sample();
  again.texts.emplace_back(DT_SONAME, std::string(4000, 'x'));
  for (int i = 0; i < 50; ++i) again.plain.emplace_back(DT_NEEDED, 70);
  EXPECT_THAT(fault_of(again.make()), HasSubstr("needs more libraries"));
}

TEST(Elf, TheTableOfStringsMayLieInASegmentOfItsOwn) {
  auto maker = sample();
  maker.strings_last = true;
  maker.padding = 9 * 1024 * 1024;
  const auto facts = probe(maker.make()).value();
  expect_sample(facts);
}

TEST(Elf, ThisTestNeedsLibc) {
  const auto path = std::filesystem::read_symlink("/proc/self/exe");
  const auto bytes = base::read_file(path, std::uint64_t{1} << 30U);
  const auto facts = probe_pieces(bytes, 65536).value();
  EXPECT_EQ(facts.fault, "");
  EXPECT_THAT(facts.needed, Contains("libc.so.6"));
  EXPECT_THAT(facts.interpreter, HasSubstr("ld-"));
}

}  // namespace
