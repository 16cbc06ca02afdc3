// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>

#include "base/error.hpp"
#include "base/render/escape.hpp"

namespace {

using testing::ElementsAre;

TEST(Escape, APercentSignIsDoubledInASpec) {
  EXPECT_EQ(render::spec("%(touch /tmp/x) 100%"), "%%(touch /tmp/x) 100%%");
}

TEST(Escape, ABackslashThatEndsALineOfASpecAsksForNoFurtherLine) { EXPECT_EQ(render::spec("x\\"), "x\\ "); }

TEST(Escape, ALineOfADescriptionThatRpmWouldTakeForItsOwnIsRefused) {
  for (const char* line : {"%if 0", "# note", "  %package x", " #"})
    EXPECT_THROW((void)render::spec_line(line), base::Error);
  EXPECT_EQ(render::spec_line("is 100% # fine"), "is 100%% # fine");
}

TEST(Escape, AControlCharacterIsRefusedInEveryContext) {
  for (const char* text : {"a\nb", "a\tb", "a\rb", "\x7f"}) {
    EXPECT_THROW((void)render::plain(text), base::Error);
    EXPECT_THROW((void)render::spec(text), base::Error);
    EXPECT_THROW((void)render::bash(text), base::Error);
    EXPECT_THROW((void)render::control(text), base::Error);
    EXPECT_THROW((void)render::control_lines({text}), base::Error);
    EXPECT_THROW((void)render::xml(text), base::Error);
  }
}

TEST(Escape, NothingExpandsInAWordForBash) {
  EXPECT_EQ(render::bash(R"(a"b\c$(d)`e`'f')"), R"("a\"b\\c\$(d)\`e\`'f'")");
}

TEST(Escape, AControlFieldHasNoSubstitutionVariable) {
  EXPECT_EQ(render::control("  ${misc:Depends} $x ${}  "), "${}{misc:Depends} $x ${}{}");
}

TEST(Escape, AnEmptyLineOfAControlFieldIsADot) {
  EXPECT_EQ(render::control_lines({"one", "", "${x}"}), " one\n .\n ${}{x}\n");
}

TEST(Escape, MarkupIsTextInXml) {
  EXPECT_EQ(render::xml("<a b=\"c\"> & 'd'"), "&lt;a b=&quot;c&quot;&gt; &amp; &apos;d&apos;");
}

TEST(Escape, TextIsWrappedAtBlanksAndALongWordStandsAlone) {
  EXPECT_THAT(render::wrap("aa bb  cccccccc d", 5), ElementsAre("aa bb", "cccccccc", "d"));
  EXPECT_TRUE(render::wrap("", 5).empty());
}

TEST(Escape, AWrappedLineNeverBeginsWithWhatASpecWouldReadAsItsOwn) {
  EXPECT_THAT(render::wrap("aaaa #b %c dd", 5), ElementsAre("aaaa #b %c", "dd"));
}

}  // namespace
