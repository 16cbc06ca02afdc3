// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "model/strict_json.hpp"

namespace {

using testing::HasSubstr;

struct Parsed {
  nlohmann::json document;
  model::Findings findings;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.document = model::parse_strict(text, "x.json", parsed.findings);
  return parsed;
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

/// The one finding of a text that must have exactly one.
model::Finding fault(std::string_view text) {
  auto parsed = parse(text);
  EXPECT_TRUE(parsed.document.is_discarded());
  EXPECT_EQ(parsed.findings.size(), 1U) << model::to_text(parsed.findings);
  return parsed.findings.empty() ? model::Finding{} : parsed.findings[0];
}

TEST(StrictJson, AGoodTextIsParsedWithoutAFinding) {
  const auto parsed = parse(R"({"a":{"b":[1,{"c":null}]},"d":{"b":true}})");
  EXPECT_TRUE(parsed.findings.empty());
  EXPECT_EQ(parsed.document["a"]["b"][0], 1);
}

TEST(StrictJson, ALineDoesNotEndInACarriageReturnAlone) {
  const auto finding = fault("{\"a\":\r1}");
  EXPECT_EQ(finding.where, "x.json: line 1, column 6");
  EXPECT_THAT(finding.message, HasSubstr("carriage return"));
  EXPECT_TRUE(parse("{\r\n\"a\":1\r\n}").findings.empty());
}

TEST(StrictJson, AKeyThatStandsTwiceIsNamedWithItsPlace) {
  const auto finding = fault(R"({"a":[{"b":1},{"b":1,"b":2}]})");
  EXPECT_EQ(finding.where, "x.json: /a/1/b");
  EXPECT_THAT(finding.message, HasSubstr("twice"));
}

TEST(StrictJson, EveryDuplicateKeyIsReportedAtOnce) {
  const auto parsed = parse(R"({"a":1,"a":2,"b":{"c":1,"c":2}})");
  ASSERT_EQ(parsed.findings.size(), 2U);
  EXPECT_EQ(parsed.findings[0].where, "x.json: /a");
  EXPECT_EQ(parsed.findings[1].where, "x.json: /b/c");
  EXPECT_TRUE(parsed.document.is_discarded());
}

TEST(StrictJson, ADuplicateKeyThatIsWrittenWithEscapesIsSeen) {
  EXPECT_EQ(fault(R"({"a":1,"\u0061":2})").where, "x.json: /a");
}

TEST(StrictJson, TheSameKeyInTwoObjectsIsNoDuplicate) { EXPECT_TRUE(parse(R"([{"a":1},{"a":1}])").findings.empty()); }

TEST(StrictJson, SixteenLevelsAreAcceptedAndSeventeenAreNot) {
  EXPECT_TRUE(parse(nested(16)).findings.empty());
  EXPECT_THAT(fault(nested(17)).message, HasSubstr("deeper than 16 levels"));
}

TEST(StrictJson, AHundredThousandLevelsDoNotOverflowTheStack) {
  EXPECT_THAT(fault(std::string(100000, '[')).message, HasSubstr("deeper than 16"));
}

TEST(StrictJson, OneMebibyteIsTheMost) {
  std::string text = "\"" + std::string(model::kMaxJsonBytes - 2, 'x') + "\"";
  EXPECT_TRUE(parse(text).findings.empty());
  text.insert(1, "y");
  EXPECT_THAT(fault(text).message, HasSubstr("is more than the 1.0 MiB allowed"));
}

TEST(StrictJson, AnEmptyTextSaysThatItIsEmpty) {
  EXPECT_THAT(fault("").message, HasSubstr("empty"));
  EXPECT_THAT(fault(" \n\t\n").message, HasSubstr("empty"));
}

TEST(StrictJson, ASyntaxErrorNamesLineAndColumn) {
  const auto finding = fault("{\n  \"a\": nope\n}");
  EXPECT_THAT(finding.where, HasSubstr("x.json: line 2, column "));
  EXPECT_THAT(finding.message, Not(HasSubstr("json.exception")));
  EXPECT_THAT(finding.hint, HasSubstr("RFC 8259"));
}

TEST(StrictJson, ATruncatedTextIsRefusedAtItsEnd) { EXPECT_EQ(fault("{\"a\":").where, "x.json: line 1, column 6"); }

TEST(StrictJson, BytesThatAreNoUtf8AreRefusedWithTheirPlace) {
  const auto finding = fault("{\"a\":\n\"\xff\"}");
  EXPECT_EQ(finding.where, "x.json: line 2, column 2");
  EXPECT_EQ(finding.message, "not valid UTF-8");
  EXPECT_EQ(fault("\"\xed\xa0\x80\"").message, "not valid UTF-8") << "a surrogate";
}

TEST(StrictJson, ANumberThatIsTooLargeIsAFindingAndNotACrash) {
  const auto finding = fault(R"({"a":1e999})");
  EXPECT_THAT(finding.message, HasSubstr("1e999"));
  EXPECT_THAT(finding.message, Not(HasSubstr("json.exception")));
}

TEST(StrictJson, CommentsTrailingCommasAndSecondValuesAreRefused) {
  for (const auto* text : {"{} // x", "[1,]", "{\"a\":1,}", "{} {}", "{'a':1}", "NaN", "\"a\nb\""})
    EXPECT_FALSE(parse(text).findings.empty()) << text;
}

TEST(StrictJson, WhatAHostileKeyHoldsIsShownPrintable) {
  const auto finding = fault("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}");
  EXPECT_EQ(finding.where.find('\x1b'), std::string::npos);
  EXPECT_THAT(finding.where, HasSubstr("\\x1b"));
}

TEST(StrictJson, OlderFindingsDoNotMakeAGoodTextBad) {
  model::Findings findings(1);
  EXPECT_FALSE(model::parse_strict("{}", "x.json", findings).is_discarded());
}

}  // namespace
