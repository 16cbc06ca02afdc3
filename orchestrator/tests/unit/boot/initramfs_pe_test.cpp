// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "initramfs/pe.hpp"

namespace {

using initramfs::is_pe;
using initramfs::pe_sections;
using testing::HasSubstr;

void put(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
}

struct Section {
  std::string name;
  std::uint32_t virtual_size, raw_size, offset;
};

std::string make(const std::vector<Section>& sections) {
  std::string out("MZ");
  out.resize(0x3c, '\0');
  put(out, 0x80, 4);
  out.resize(0x80, '\0');
  out += std::string_view("PE\0\0", 4);
  put(out, 0x8664, 2);
  put(out, sections.size(), 2);
  out.append(12, '\0');
  put(out, 240, 2);
  put(out, 0x206, 2);
  out.append(240, '\0');
  for (const auto& section : sections) {
    auto name = section.name;
    name.resize(8, '\0');
    out += name;
    put(out, section.virtual_size, 4);
    put(out, 0x1000, 4);
    put(out, section.raw_size, 4);
    put(out, section.offset, 4);
    out.append(16, '\0');
  }
  return out;
}

std::string error_of(std::string_view head, std::uint64_t size) {
  try {
    (void)pe_sections(head, size);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST(Pe, TheSectionsOfAUkiComeInTheirOrderAndWithTheSmallerSize) {
  const auto image = make({{".cmdline", 11, 512, 1024},
                           {".profile", 5, 5, 2048},
                           {".initrd", 5000, 4096, 4096},
                           {".profile", 6, 512, 3000}});
  EXPECT_TRUE(is_pe(image));
  const auto sections = pe_sections(image, 10000);
  ASSERT_EQ(sections.size(), 4U);
  EXPECT_EQ(sections[0].name, ".cmdline");  // eight bytes, without a zero behind
  EXPECT_EQ(sections[0].offset, 1024U);
  EXPECT_EQ(sections[0].size, 11U);
  EXPECT_EQ(sections[1].name, ".profile");
  EXPECT_EQ(sections[2].name, ".initrd");
  EXPECT_EQ(sections[2].size, 4096U);
  EXPECT_EQ(sections[3].name, ".profile");
  EXPECT_EQ(sections[3].offset, 3000U);
}

TEST(Pe, ASectionOutsideTheFileIsAnErrorWhereTheSizeIsKnown) {
  const auto image = make({{".initrd", 0xffffffffU, 0xffffffffU, 0xffffffffU}});
  EXPECT_THAT(error_of(image, 10000), HasSubstr("\".initrd\" (4294967295 bytes at 4294967295) lies outside the file"));
  EXPECT_EQ(pe_sections(image, 0)[0].size, 0xffffffffU);
}

TEST(Pe, ASectionWithoutBytesMayLieAnywhere) {
  const auto sections = pe_sections(make({{".bss", 4096, 0, 0xffffffffU}}), 1000);
  EXPECT_EQ(sections[0].size, 0U);
  EXPECT_EQ(sections[0].offset, 0U);
}

TEST(Pe, ANameIsMadePrintable) { EXPECT_EQ(pe_sections(make({{"\x1b[31mX", 1, 1, 1}}), 0)[0].name, "\\x1b[31mX"); }

TEST(Pe, WhatIsCutOffIsNoPeOrAnError) {
  const auto image = make({{".linux", 1, 1, 1}, {".initrd", 1, 1, 1}});
  for (std::size_t length = 0; length < image.size(); ++length) {
    const auto head = std::string_view(image).substr(0, length);
    EXPECT_NE(error_of(head, 0), "") << length;
    EXPECT_EQ(is_pe(head), length >= 0x84) << length;
  }
  EXPECT_EQ(error_of(image, 0), "");
}

TEST(Pe, HostileHeadersAreErrors) {
  auto image = make({{".linux", 1, 1, 1}});
  EXPECT_FALSE(is_pe("MZ"));
  EXPECT_FALSE(is_pe(std::string(1000, '\0')));
  auto far_away = image;
  far_away.replace(0x3c, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(is_pe(far_away));
  EXPECT_THAT(error_of(far_away, 0), HasSubstr("no PE header"));
  auto many = image;
  many.replace(0x84 + 2, 2, "\xff\xff");
  EXPECT_THAT(error_of(many, 0), HasSubstr("table of 65535 sections"));
  auto optional = image;
  optional.replace(0x84 + 16, 2, "\xff\xff");
  EXPECT_THAT(error_of(optional, 0), HasSubstr("does not lie in"));
}

}  // namespace
