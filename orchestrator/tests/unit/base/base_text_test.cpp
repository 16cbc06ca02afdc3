// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/text.hpp"

namespace {

using namespace base;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(Text, SplitKeepsEmptyPartsAndNothingHasNone) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_THAT(split("", ','), IsEmpty());
}

TEST(Text, LinesCountALastOneWithoutNewline) {
  EXPECT_THAT(lines("a\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(lines("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(lines("a\n\n"), ElementsAre("a", ""));
  EXPECT_THAT(lines("\n"), ElementsAre(""));
  EXPECT_THAT(lines(""), IsEmpty());
}

TEST(Text, JoinIsTheInverseOfSplit) {
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Text, TrimTakesBlanksFromBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\na b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, ReplaceAllDoesNotReplaceWhatItHasPut) {
  EXPECT_EQ(replace_all("aaa", "a", "aa"), "aaaaaa");
  EXPECT_EQ(replace_all("x@y@z", "@", ""), "xyz");
  EXPECT_EQ(replace_all("abc", "", "-"), "abc");
  EXPECT_EQ(replace_all("abc", "d", "-"), "abc");
}

TEST(Text, WellFormedUtf8HasNoFault) {
  EXPECT_EQ(utf8_fault(""), std::nullopt);
  EXPECT_EQ(utf8_fault("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xA7z"), std::nullopt);
  EXPECT_EQ(utf8_fault("\xF4\x8F\xBF\xBF"), std::nullopt);  // U+10FFFF
}

TEST(Text, BrokenUtf8IsFoundWhereItBegins) {
  const std::vector<std::string> broken = {
      "\x80",              // continuation alone
      "\xC3",              // cut short
      "\xC3(",             // no continuation
      "\xC0\xAF",          // overlong slash
      "\xE0\x80\xAF",      // overlong slash in three
      "\xF0\x80\x80\xAF",  // overlong slash in four
      "\xED\xA0\x80",      // surrogate U+D800
      "\xED\xBF\xBF",      // surrogate U+DFFF
      "\xF4\x90\x80\x80",  // beyond U+10FFFF
      "\xF5\x80\x80\x80",  // no such lead
      "\xFE",
      "\xFF",
      "\xE2\x82",  // cut short
  };
  for (const auto& text : broken) {
    EXPECT_THAT(utf8_fault(text), Optional(0U)) << printable(text);
    EXPECT_THAT(utf8_fault("ab" + text), Optional(2U)) << printable(text);
  }
}

TEST(Text, PrintableShowsControlsAndBrokenBytesInHex) {
  EXPECT_EQ(printable("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xC3\xA9\xFF"), "\xC3\xA9\\xff");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");           // the 8-bit control sequence introducer
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\\xe2\\x80\\xae");  // right-to-left override
}

TEST(Text, PrintableShowsWhatReordersHidesOrIsNotSeenInHex) {
  // ALM, ZWSP, LRM, RLM, line separator, LRE, RLO, word joiner, LRI, PDI, BOM, a tag, a variation selector.
  for (const auto* text :
       {"\xD8\x9C", "\xE2\x80\x8B", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xAA", "\xE2\x80\xAE",
        "\xE2\x81\xA0", "\xE2\x81\xA6", "\xE2\x81\xA9", "\xEF\xBB\xBF", "\xF3\xA0\x81\x81", "\xEF\xB8\x8F", "\xC2\x85"})
    EXPECT_EQ(printable(text).find_first_not_of("\\x0123456789abcdef"), std::string::npos) << printable(text);
  EXPECT_EQ(printable("\xE2\x82\xAC\xE2\x80\xA6\xF0\x9F\x98\x80"), "\xE2\x82\xAC\xE2\x80\xA6\xF0\x9F\x98\x80");
}

TEST(Text, SeveralLinesArePrintableWithTheirNewlinesAndTabs) {
  EXPECT_EQ(printable_text("a\tb\n\x1b[31m\r\n\xff"), "a\tb\n\\x1b[31m\\x0d\n\\xff");
  EXPECT_EQ(printable_text(""), "");
}

TEST(Text, PrintableIsCutToItsLimitBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abc...");
  EXPECT_EQ(printable("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 6), "\xC3\xA9...");
  EXPECT_EQ(printable("ab\n\n", 6), "ab...");  // no half of an escape
  EXPECT_EQ(printable("abcd", 2), "..");
  EXPECT_EQ(printable("abcd", 0), "");
  EXPECT_EQ(printable(std::string(100'000, '\xFF')).size(), 79U);  // 19 escapes of 4 bytes and "..."
}

TEST(Text, ClosestFindsWhatATypingErrorMeant) {
  const std::vector<std::string> keys = {"requires", "suggests", "id", "releases"};
  EXPECT_THAT(closest("requirs", keys), Optional(std::string("requires")));
  EXPECT_THAT(closest("reqiures", keys), Optional(std::string("requires")));  // a swap is one step
  EXPECT_THAT(closest("ids", keys), Optional(std::string("id")));
  EXPECT_THAT(closest("di", keys), Optional(std::string("id")));
  EXPECT_EQ(closest("x", {"y"}), std::nullopt);
  EXPECT_EQ(closest("", keys), std::nullopt);
  EXPECT_EQ(closest("conflicts", keys), std::nullopt);
  EXPECT_EQ(closest(std::string(1'000'000, 'r'), keys), std::nullopt);
}

TEST(Text, ClosestPrefersTheNearest) {
  EXPECT_THAT(closest("debian-12", {"debian-11x", "debian-11", "debian-13"}), Optional(std::string("debian-11")));
  EXPECT_THAT(closest("abcdef", {"abcxyf", "abcdex"}), Optional(std::string("abcdex")));
}

TEST(Text, ShellQuoteLeavesPlainWordsAndQuotesTheRest) {
  EXPECT_EQ(shell_quote("a/b-c_1.2:x=y,z@%+"), "a/b-c_1.2:x=y,z@%+");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("$(x)`y`\n~"), "'$(x)`y`\n~'");
  EXPECT_EQ(shell_quote(std::vector<std::string>{"rpmbuild", "--define", "_topdir /build"}),
            "rpmbuild --define '_topdir /build'");
  EXPECT_EQ(shell_quote(std::vector<std::string>{"A=b", "c=d"}), "'A=b' c=d");
}

TEST(Text, SizesAreShownInTheUnitThatFits) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(39117), "38.2 KiB");
  EXPECT_EQ(human_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_size(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(Text, TimesAreShownInSecondsThenMinutesThenHours) {
  EXPECT_EQ(human_time(0), "0.0 s");
  EXPECT_EQ(human_time(4.649), "4.6 s");
  EXPECT_EQ(human_time(59.96), "1 min 0 s");
  EXPECT_EQ(human_time(72.4), "1 min 12 s");
  EXPECT_EQ(human_time(3723), "1 h 2 min");
  EXPECT_EQ(human_time(-1), "0.0 s");
}

}  // namespace
