// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profile/select.hpp"
#include "samples.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

class Select : public testing::Test {
 protected:
  Select() {
    auto other = samples::deb();
    other["id"] = "alpha";
    profile::load_text(other.dump(), "alpha.json", loaded_);
    profile::load_text(samples::rpm().dump(), "tester.json", loaded_);
  }

  Words keys(const Words& words) {
    findings_.clear();
    Words keys;
    for (const auto* release : profile::select(loaded_, words, findings_)) keys.push_back(release->profile.key());
    return keys;
  }

  profile::Loaded loaded_;
  model::Findings findings_;
};

TEST_F(Select, AnIdAloneIsItsDefaultRelease) { EXPECT_THAT(keys({"tester"}), ElementsAre("tester-2")); }

TEST_F(Select, ACodenameIsAName) {
  for (const auto* release : profile::all(loaded_)) {
    const auto& p = release->profile;
    if (!p.package.deb.series.empty())
      EXPECT_THAT(keys({p.id + ":" + p.package.deb.series}), testing::Contains(p.key()));
  }
  EXPECT_THAT(keys({"alpha:nosuch"}), testing::IsEmpty());
}

TEST_F(Select, AReleaseCanBeNamedAndAStarIsAll) {
  EXPECT_THAT(keys({"tester:1"}), ElementsAre("tester-1"));
  EXPECT_THAT(keys({"tester:*"}), ElementsAre("tester-1", "tester-2"));
}

TEST_F(Select, WordsKeepTheirOrderAndARenewedOneCountsOnce) {
  EXPECT_THAT(keys({"tester:2", "alpha", "tester:*", "alpha:2"}), ElementsAre("tester-2", "alpha-2", "tester-1"));
  EXPECT_TRUE(findings_.empty());
}

TEST_F(Select, NoWordIsNothingAndAllIsEverything) {
  EXPECT_THAT(keys({}), ElementsAre());
  EXPECT_EQ(profile::all(loaded_).size(), 4U);
}

TEST_F(Select, AnUnknownDistributionBringsTheNearest) {
  EXPECT_THAT(keys({"testr"}), ElementsAre());
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].where, "--distro testr");
  EXPECT_EQ(findings_[0].message, "there is no distribution \"testr\"");
  EXPECT_EQ(findings_[0].hint, "did you mean \"tester\"?");
}

TEST_F(Select, AnUnknownReleaseBringsTheKnownOnes) {
  keys({"tester:nineteen"});
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].message, "tester has no release \"nineteen\"");
  EXPECT_EQ(findings_[0].hint, "known: 1, 2");
}

TEST_F(Select, AllWordsThatFitNothingAreReportedAtOnceAndTheOthersChosen) {
  EXPECT_THAT(keys({"x", "tester:3", "alpha", "", "tester:", ":1", "tester:1:2"}), ElementsAre("alpha-2"));
  EXPECT_EQ(findings_.size(), 6U);
}

TEST_F(Select, AHostileWordIsShownPrintableAndShort) {
  keys({"\x1b[2J" + std::string(100000, 'x'), "tester:\x1b[2J\n"});
  const auto text = model::to_text(findings_);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 1000U);
  EXPECT_THAT(text, HasSubstr("\\x1b"));
}

TEST_F(Select, WithoutAnyDistributionNothingIsFound) {
  model::Findings findings;
  EXPECT_TRUE(profile::select({}, {"tester"}, findings).empty());
  EXPECT_EQ(findings.size(), 1U);
}

}  // namespace
