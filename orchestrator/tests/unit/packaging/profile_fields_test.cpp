// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "formats/format.hpp"
#include "profile/fields.hpp"

namespace {

using profile::Grammar;
using profile::Kind;
using profile::Scope;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// Each grammar that the table or its structured kinds use, once.
std::set<const Grammar*> grammars() {
  std::set<const Grammar*> all = {&profile::release_grammar(), &profile::version_grammar(), &profile::prose_grammar(),
                                  &profile::macro_name_grammar(), &profile::macro_value_grammar()};
  for (const auto& field : profile::fields()) {
    if (field.grammar != nullptr) all.insert(field.grammar);
  }
  return all;
}

const std::vector<std::string>& texts() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> list = {
        "",
        "a",
        "A",
        "0",
        "-",
        ".",
        "..",
        "/",
        "//",
        "~",
        "+",
        " ",
        "a b",
        "a-b",
        "-a",
        "a-",
        "1.0",
        "1.0p1",
        "01",
        "1..2",
        "10.0p1",
        "15.6",
        "rolling",
        ".fc43",
        "fc43",
        "w19.zstdio",
        "w2.xzdio",
        "~deb12+1",
        "deb12",
        "+u1",
        "sys-kernel",
        "~amd64 ~arm64",
        "4.6.2",
        "_x",
        "x_y",
        "/usr",
        "/usr/",
        "/usr//bin",
        "/usr/./bin",
        "/usr/../bin",
        "/usr/..",
        "/..",
        "/.",
        "/usr/...",
        "/usr/.x",
        "/usr/x..",
        "usr/bin",
        "../x",
        "a/b",
        "a/../b",
        "a//b",
        "a/",
        "/boot/initramfs-%k.img",
        "/boot/initramfs.img",
        "/boot/%%k",
        "/boot/%k%k",
        "/%k",
        "%k",
        "/boot/%K",
        "/boot/%k/%",
        "/boot/../%k",
        "/usr/share/doc/{name}",
        "/usr/share/doc/{name}-{version}",
        "/usr/{foo}",
        "/usr/{name",
        "/usr/name}",
        "/usr/{}",
        "/{name}",
        "2026-12-09",
        "2026-13-01",
        "2026-00-10",
        "2026-02-29",
        "2024-02-29",
        "2026-2-9",
        "20261209",
        "2026-12-09x",
        "x\ny",
        "x\n",
        "\nx",
        "x\ty",
        "@VAR@",
        "%(id)",
        "%{x}",
        "$(id)",
        "${x}",
        "`id`",
        "\"",
        "'",
        "\\",
        "x;y",
        "a&b",
        "a|b",
        "a>b",
        "#x",
        "x#",
        "gr\xc3\xbc",
        "\xff",
        std::string("a\0b", 3),
        "x@y",
        "ssh",
        "_ssh",
        "a[b]",
        "a^b",
        "Red Hat",
        "openSUSE (Leap) & co., 'x'",
    };
    // lengths around every limit
    for (const auto* grammar : grammars()) {
      for (const std::size_t size : {grammar->max - 1, grammar->max, grammar->max + 1}) {
        list.emplace_back(size, 'a');
        list.emplace_back(size, '1');
        list.push_back("/" + std::string(size - 1, 'a'));
        list.push_back("~" + std::string(size - 1, '1'));
        list.push_back("w" + std::string(size - 1, '1'));
        list.push_back("." + std::string(size - 1, '1'));
        if (size > 3) list.push_back("/%k" + std::string(size - 3, 'a'));
      }
    }
    return list;
  }();
  return all;
}

/// ECMA-262 by the standard library. Its '.' and '$' know lines, and ours are never asked of more than one here.
class Pattern {
 public:
  explicit Pattern(std::string text)
      : text_(std::move(text)), regex_(text_, std::regex::ECMAScript | std::regex::nosubs) {}
  [[nodiscard]] bool matches(const std::string& text) const { return std::regex_search(text, regex_); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::regex regex_;
};

TEST(Fields, EveryPatternAcceptsWhatTheParserAccepts) {
  for (const auto* grammar : grammars()) {
    const Pattern pattern(profile::pattern(*grammar));
    std::size_t accepted = 0;
    for (const auto& text : texts()) {
      if (!profile::misfit(*grammar, text).empty()) continue;
      ++accepted;
      EXPECT_TRUE(pattern.matches(text)) << grammar->words << "\n" << pattern.text() << "\n" << text;
    }
    EXPECT_GE(accepted, 2U) << grammar->words << ": the table of texts has nothing for it";
  }
}

TEST(Fields, EveryPatternRefusesWhatTheParserRefusesButForDaysThatNoMonthHas) {
  for (const auto* grammar : grammars()) {
    const Pattern pattern(profile::pattern(*grammar));
    for (const auto& text : texts()) {
      if (text.find('\n') != std::string::npos || profile::misfit(*grammar, text).empty()) continue;
      if (grammar->extra == Grammar::Extra::date && text == "2026-02-29") continue;  // what no pattern can say
      EXPECT_FALSE(pattern.matches(text)) << grammar->words << "\n" << pattern.text() << "\n" << text;
    }
  }
}

TEST(Fields, NoGrammarButProseAcceptsAnythingThatCouldRun) {
  for (const auto* grammar : grammars()) {
    for (const std::string text : {"a\nb", "1\nb", "/a\nb", "~a\n", ".a\n", "w\n", "a\"b", "1\"b", "a\\b", "a$b",
                                   "1$(id)", "/a$b", "a`b", "1`b`", "/a`b"}) {
      const bool prose = grammar == &profile::prose_grammar() && text.find('\n') == std::string::npos;
      if (!prose) EXPECT_NE(profile::misfit(*grammar, text), "") << grammar->words << ": " << text;
    }
    for (const std::string text : {"a%(id)", "1%{x}", "/a%(id)", "/boot/%k%(id)", "~a%", ".a%", "w%"}) {
      if (grammar != &profile::prose_grammar())
        EXPECT_NE(profile::misfit(*grammar, text), "") << grammar->words << ": " << text;
    }
    for (const std::string text : {"@VAR@", "/a@VAR@", "1@VAR@"}) {
      if (grammar != &profile::prose_grammar())
        EXPECT_NE(profile::misfit(*grammar, text), "") << grammar->words << ": " << text;
    }
  }
}

TEST(Fields, NoPathAndNoNameEscapesItsFolder) {
  for (const auto* grammar : grammars()) {
    // text for people, and macros of the target
    const bool names_nothing = grammar == &profile::prose_grammar() || grammar == &profile::macro_value_grammar() ||
                               grammar == profile::find_field("/name")->grammar;
    if (names_nothing) continue;
    for (const std::string text : {"../x", "a/../b", "a/..", "/a/../b", "/..", "/boot/../%k", "/usr/share/../{name}"}) {
      EXPECT_NE(profile::misfit(*grammar, text), "") << grammar->words << ": " << text;
    }
  }
}

TEST(Fields, AMisfitSaysWhatIsExpectedAndWhereTheFirstWrongCharacterStands) {
  const auto* path = profile::find_field("/sshd/path")->grammar;
  EXPECT_THAT(profile::misfit(*path, "/usr/s hd"), HasSubstr("has ' ' at 7"));
  EXPECT_THAT(profile::misfit(*path, "/usr/\x1b"), HasSubstr("has '\\x1b' at 6"));
  EXPECT_THAT(profile::misfit(*path, ""), HasSubstr("got nothing"));
  EXPECT_THAT(profile::misfit(*path, "/" + std::string(500, 'a')), HasSubstr("at most 200 characters, got 501"));
  EXPECT_EQ(profile::misfit(*path, "/usr/sbin/sshd"), "");
}

TEST(Fields, AHundredMegabytesAreRefusedByTheirLengthAlone) {
  EXPECT_NE(profile::misfit(*profile::find_field("/sshd/path")->grammar, std::string(100U << 20U, '/')), "");
}

TEST(Fields, EveryFieldStandsOnceHasWordsAndAParentThatIsAnObject) {
  std::set<std::string_view> seen;
  for (const auto& field : profile::fields()) {
    EXPECT_TRUE(seen.insert(field.pointer).second) << field.pointer;
    EXPECT_FALSE(field.doc.empty()) << field.pointer;
    EXPECT_EQ(field.doc.back(), '.') << field.pointer << ": a sentence ends with a full stop";
    const auto parent = field.pointer.substr(0, field.pointer.rfind('/'));
    if (!parent.empty()) {
      ASSERT_NE(profile::find_field(parent), nullptr) << field.pointer;
      EXPECT_EQ(profile::find_field(parent)->kind, Kind::object) << field.pointer;
    }
    const bool by_grammar = field.kind == Kind::string || field.kind == Kind::set || field.kind == Kind::dependencies;
    EXPECT_EQ(field.grammar != nullptr, by_grammar) << field.pointer;
    EXPECT_TRUE(field.choices.empty() || field.kind == Kind::choice || field.kind == Kind::set ||
                field.kind == Kind::macros)
        << field.pointer;
    EXPECT_TRUE(field.kind != Kind::choice || !field.choices.empty()) << field.pointer;
  }
}

TEST(Fields, FieldsOfAFormatStandBelowTheObjectOfItsName) {
  for (const auto& field : profile::fields()) {
    if (field.format.empty()) continue;
    EXPECT_TRUE(field.pointer.starts_with("/package/" + std::string(field.format))) << field.pointer;
  }
}

TEST(Fields, TheFormatsOfTheTableAreThoseOfTheRegistry) {
  const auto& choices = profile::find_field("/package/format")->choices;
  const std::vector<std::string> known(choices.begin(), choices.end());
  EXPECT_THAT(formats::names(), testing::UnorderedElementsAreArray(known));
}

TEST(Fields, NamesBelowAnObjectAreThoseOfItsScopeAndOneLevel) {
  const auto distribution = profile::names_below("", Scope::distribution);
  EXPECT_THAT(distribution, Contains("id"));
  EXPECT_THAT(distribution, Contains("releases"));
  EXPECT_THAT(distribution, Not(Contains("eol")));
  EXPECT_THAT(distribution, Not(Contains("path")));
  const auto release = profile::names_below("", Scope::release);
  EXPECT_THAT(release, Contains("id")) << "a release has an id of its own";
  EXPECT_THAT(release, Contains("eol"));
  EXPECT_THAT(release, Not(Contains("releases")));
  EXPECT_THAT(profile::names_below("/package/rpm", Scope::release),
              testing::UnorderedElementsAre("dist", "payload", "license_dir", "emulate"));
}

TEST(Fields, WhatIsNotInTheTableIsNotFound) {
  EXPECT_EQ(profile::find_field("/nope"), nullptr);
  EXPECT_EQ(profile::find_field("/package/rpm/"), nullptr);
  EXPECT_EQ(profile::find_field(""), nullptr);
}

}  // namespace
