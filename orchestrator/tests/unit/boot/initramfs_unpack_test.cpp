// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include "archives.hpp"
#include "initramfs/unpack.hpp"

namespace initramfs {
namespace {

using archives::cpio;
using archives::Entry;
using archives::packed;
using base::Compression;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kFolder = 0040755;
constexpr std::uint32_t kLink = 0120777;

ReadOptions everything() {
  ReadOptions out;
  out.content = [](std::string_view) { return 1U << 20U; };
  return out;
}

/// The image that these bytes are, given in pieces of `piece` bytes.
Image image_of(std::string_view bytes, std::size_t piece = 1U << 20U, const Limits& limits = {}) {
  Image image;
  Builder builder(image, everything(), limits);
  Unpacker unpacker(builder, image, &builder, limits);
  bool more = true;
  for (std::size_t at = 0; at < bytes.size() && more; at += piece) more = unpacker.feed(bytes.substr(at, piece));
  if (more) unpacker.finish();
  return image;
}

std::map<std::string, std::string> contents(const Image& image) {
  std::map<std::string, std::string> out;
  image.each([&](const std::string& path, const Node& node) {
    if (node.is_link()) out[path] = "-> " + node.target;
    if (node.is_file()) out[path] = node.content.value_or("(not kept)");
    if (node.is_directory()) out[path] = "/";
  });
  out.erase("");
  return out;
}

std::string faults(const Image& image) {
  std::string out;
  for (const auto& fault : image.faults)
    out += fmt::format("{}@{}: {}\n", static_cast<int>(fault.kind), fault.offset, fault.message);
  return out;
}

const std::vector<Entry> kSmall{
    {"etc", "", kFolder}, {"etc/one", "1"}, {"etc/two", "twotwo"}, {"bin", "usr/bin", kLink}};

TEST(Unpack, ReadsAnArchiveOfEveryCompressionWhereverItIsSplit) {
  const auto plain = cpio(kSmall);
  const std::map<std::string, std::string> expected{
      {"etc", "/"}, {"etc/one", "1"}, {"etc/two", "twotwo"}, {"bin", "-> usr/bin"}};
  for (const auto compression : archives::all()) {
    const auto bytes = packed(plain, compression);
    for (std::size_t piece = 1; piece <= bytes.size(); piece += piece < 64 ? 1 : 61) {
      const auto image = image_of(bytes, piece);
      ASSERT_EQ(contents(image), expected) << base::name_of(compression) << " in pieces of " << piece << "\n"
                                           << faults(image);
      ASSERT_THAT(image.faults, IsEmpty()) << base::name_of(compression) << " in pieces of " << piece;
      ASSERT_THAT(image.parts, SizeIs(1));
      ASSERT_EQ(image.parts[0].packed, bytes.size());
      ASSERT_EQ(image.parts[0].unpacked, plain.size());
    }
  }
}

TEST(Unpack, AnyRowOfArchivesWithAnyPaddingComesBackWhole) {
  std::mt19937 random(20261125);  // the same ones in every run
  const auto upto = [&](unsigned most) { return std::uniform_int_distribution<unsigned>(0, most)(random); };
  for (int round = 0; round < 400; ++round) {
    std::string bytes;
    std::map<std::string, std::string> expected;
    const unsigned count = 1 + upto(4);
    std::size_t parts = 0;
    for (unsigned part = 0; part < count; ++part) {
      std::vector<Entry> entries;
      for (unsigned file = 0; file <= upto(5); ++file) {
        const auto name = fmt::format("f{}", upto(7));
        std::string body;
        for (unsigned index = upto(600); index > 0; --index) body += static_cast<char>('a' + upto(25));
        entries.push_back({name, body});
        expected[name] = body;
      }
      const auto compression = archives::all()[upto(6)];
      bytes += packed(cpio(entries, upto(1) == 1), compression);
      ++parts;
      // lz4 has no mark of its end but zeros, and a plain archive begins at a multiple of four.
      bytes.append(compression == Compression::lz4 ? 4 + upto(40) : upto(40), '\0');
      bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
    }
    const auto image = image_of(bytes, 1 + upto(300));
    ASSERT_EQ(contents(image), expected) << "round " << round << "\n" << faults(image);
    ASSERT_THAT(image.faults, IsEmpty()) << faults(image);
    ASSERT_THAT(image.parts, SizeIs(parts));
  }
}

TEST(Unpack, SeveralArchivesMayLieInOneStreamWithZerosBetween) {
  const auto bytes = packed(cpio({{"a", "1"}}) + std::string(512, '\0') + cpio({{"b", "2"}}) + std::string(100, '\0'),
                            Compression::zstd);
  const auto image = image_of(bytes);
  EXPECT_EQ(contents(image), (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}})) << faults(image);
  EXPECT_THAT(image.parts, SizeIs(1));
}

TEST(Unpack, MicrocodeInFrontIsAPartOfItsOwn) {
  const auto early = cpio({{"kernel", "", kFolder},
                           {"kernel/x86", "", kFolder},
                           {"kernel/x86/microcode", "", kFolder},
                           {"kernel/x86/microcode/GenuineIntel.bin", "ucode"}});
  const auto image =
      image_of(early + std::string(512 - early.size() % 512, '\0') + packed(cpio(kSmall), Compression::gzip));
  ASSERT_THAT(image.parts, SizeIs(2)) << faults(image);
  EXPECT_TRUE(image.parts[0].microcode);
  EXPECT_FALSE(image.parts[1].microcode);
}

TEST(Unpack, CutAnywhereItHasAFaultAndNeverMoreThanWasThere) {
  const auto whole = contents(image_of(cpio(kSmall)));
  for (const auto compression : archives::all()) {
    const auto bytes = packed(cpio(kSmall), compression);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const auto image = image_of(std::string_view(bytes).substr(0, size));
      for (const auto& [path, content] : contents(image)) ASSERT_TRUE(whole.contains(path));
      // A plain archive may end behind any of its entries; the kernel does not mind.
      if (compression == Compression::none) continue;
      ASSERT_THAT(image.faults, SizeIs(1)) << base::name_of(compression) << " of " << size << " bytes";
    }
  }
}

TEST(Unpack, WhatIsBehindTheLastPartAndNothingKnownIsAFaultWithItsPlace) {
  const auto archive = cpio(kSmall);
  const auto image = image_of(archive + "garbage!");
  EXPECT_THAT(
      faults(image),
      HasSubstr(fmt::format("@{}: behind its last part are bytes that are neither an archive nor compressed (67 61)",
                            archive.size())));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::trailing);
  EXPECT_THAT(faults(image_of("garbage")), HasSubstr("it begins with bytes that are neither"));
  EXPECT_EQ(image_of("garbage").faults[0].kind, Fault::Kind::broken);
}

TEST(Unpack, AnArchiveThatTheKernelWouldNotFindIsAFault) {
  // By the kernel's count an archive begins at a multiple of four.
  const auto image = image_of(cpio({{"a", "1"}}) + std::string(2, '\0') + cpio({{"b", "2"}}));
  EXPECT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(contents(image).count("b"), 0U);
}

TEST(Unpack, ZerosMayLieBetweenEntriesAndATrailerMayBeMissing) {
  const auto first = archives::cpio({{"a", "1"}}, false, false);
  const auto image = image_of(first + std::string(8, '\0') + archives::cpio({{"b", "2"}}, false, false) +
                              packed(cpio({{"c", "3"}}), Compression::gzip));
  EXPECT_EQ(contents(image), (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}, {"c", "3"}})) << faults(image);
  EXPECT_THAT(image.faults, IsEmpty()) << faults(image);
}

TEST(Unpack, BehindAPlainArchiveTheNextPartBeginsAtAMultipleOfFour) {
  const auto plain = cpio({{"a", "1"}});
  EXPECT_THAT(image_of(plain + std::string(513, '\0') + packed(cpio({{"c", "3"}}), Compression::gzip)).faults,
              SizeIs(1));
  EXPECT_THAT(image_of(plain + std::string(512, '\0') + packed(cpio({{"c", "3"}}), Compression::gzip)).faults,
              IsEmpty());
}

TEST(Unpack, AFlippedByteInACompressedStreamIsNoticedOrHarmless) {
  for (const auto compression : archives::all()) {
    const auto bytes = packed(cpio(kSmall), compression);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      auto broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ 0x40);
      (void)image_of(broken, 7);  // whatever comes of it: no crash, no hang
    }
  }
}

TEST(Unpack, ABombEndsAtTheLimit) {
  Limits limits;
  limits.unpacked = 1U << 20U;
  const auto bytes = packed(cpio({{"zeros", std::string(16U << 20U, '\0')}}), Compression::zstd);
  ASSERT_LT(bytes.size(), 4096U);
  const auto image = image_of(bytes, 4096, limits);
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::limit);
  EXPECT_THAT(image.faults[0].message, HasSubstr("it unpacks to more than 1.0 MiB"));
}

TEST(Unpack, AMillionEntriesEndAtTheLimit) {
  Limits limits;
  limits.entries = 1000;
  std::vector<Entry> entries;
  for (int index = 0; index < 2000; ++index) entries.push_back({fmt::format("f{}", index), ""});
  const auto image = image_of(cpio(entries), 4096, limits);
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::limit);
  EXPECT_THAT(image.faults[0].message, HasSubstr("more than 1000 entries"));
}

TEST(Unpack, AWindowThatTheKernelHasNoMemoryForIsSaid) {
  // A frame's header alone: 256 MiB of window (RFC 8878, 3.1.1.1.2).
  std::string bytes("\x28\xb5\x2f\xfd\x00", 5);
  bytes += static_cast<char>(18 << 3);
  bytes += std::string(64, '\0');
  const auto image = image_of(bytes);
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_THAT(faults(image), testing::AnyOf(HasSubstr("window"), HasSubstr("memory"))) << faults(image);
}

TEST(Unpack, AnXzCheckThatTheKernelDoesNotKnowIsAFault) {
  const auto image = image_of(archives::xz(cpio(kSmall), false, LZMA_CHECK_CRC64));
  EXPECT_THAT(faults(image), HasSubstr("xz --check=crc32"));
}

/// As `xz --check=crc32 --FILTER --lzma2=preset=1` makes it.
std::string xz_with(lzma_vli filter, void* options, const std::string& bytes) {
  lzma_options_lzma lzma2;
  lzma_lzma_preset(&lzma2, 1);
  const lzma_filter filters[] = {{filter, options}, {LZMA_FILTER_LZMA2, &lzma2}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(bytes.size() + 65536, '\0');
  std::size_t used = 0;
  if (lzma_stream_buffer_encode(const_cast<lzma_filter*>(filters), LZMA_CHECK_CRC32, nullptr,
                                reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                reinterpret_cast<std::uint8_t*>(out.data()), &used, out.size()) != LZMA_OK)
    throw std::runtime_error("liblzma");
  out.resize(used);
  return out;
}

TEST(Unpack, AnXzFilterThatTheKernelDoesNotKnowIsAFault) {
  EXPECT_THAT(image_of(xz_with(LZMA_FILTER_X86, nullptr, cpio(kSmall))).faults, IsEmpty());
  lzma_options_delta delta{};
  delta.type = LZMA_DELTA_TYPE_BYTE;
  delta.dist = 4;
  EXPECT_THAT(faults(image_of(xz_with(LZMA_FILTER_DELTA, &delta, cpio(kSmall)))), HasSubstr("delta filter"));
  lzma_options_bcj offset{};
  offset.start_offset = 16;
  EXPECT_THAT(faults(image_of(xz_with(LZMA_FILTER_X86, &offset, cpio(kSmall)))), HasSubstr("with an offset"));
#ifdef LZMA_FILTER_ARM64
  EXPECT_THAT(faults(image_of(xz_with(LZMA_FILTER_ARM64, nullptr, cpio(kSmall)))), HasSubstr("Linux before 6.12"));
#endif
}

TEST(Unpack, LzoIsSaidToBeUnreadable) {
  const auto image = image_of(std::string("\x89\x4cLZO data", 10));
  ASSERT_THAT(image.faults, SizeIs(1));
  EXPECT_EQ(image.faults[0].kind, Fault::Kind::unreadable);
}

TEST(Unpack, NothingIsNoFaultAndHasNoEntries) {
  EXPECT_THAT(image_of("").faults, IsEmpty());
  EXPECT_EQ(image_of(std::string(100, '\0')).entries, 0U);
}

}  // namespace
}  // namespace initramfs
