// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "profile/lacking.hpp"
#include "profile/load.hpp"
#include "samples.hpp"

namespace {

using nlohmann::json;
using testing::HasSubstr;

/// What check_relations says of documents that are valid by themselves.
std::string relations(const std::vector<json>& documents) {
  profile::Loaded loaded;
  for (const auto& document : documents)
    profile::load_text(document.dump(), document["id"].get<std::string>() + ".json", loaded);
  EXPECT_EQ(loaded.distributions.size(), documents.size()) << model::to_text(loaded.findings);
  profile::check_relations(loaded);
  return model::to_text(loaded.findings);
}

json renamed(json document, const std::string& id) {
  document["id"] = id;
  document["os_release"] = json::object({{id, true}});
  return document;
}

TEST(Relations, GoodDistributionsOfTwoFormatsStandTogether) {
  EXPECT_EQ(relations({samples::rpm(), renamed(samples::deb(), "other")}), "");
}

TEST(Relations, TwoReleasesWithOneDistAreRefused) {
  auto document = samples::rpm();
  document["releases"][1]["package"]["rpm"]["dist"] = ".t1";
  EXPECT_THAT(relations({document}), HasSubstr("tester.json: release 2: its package would have the same name, version "
                                               "and architecture as that of tester.json: release 1"));
}

TEST(Relations, TwoDistributionsOfOnePackageManagerMustNotShareAVersion) {
  EXPECT_THAT(relations({samples::deb(), renamed(samples::deb(), "other")}),
              HasSubstr("other.json: release 1: its package would have the same"));
  auto zypper = renamed(samples::rpm(), "other");
  zypper["package"]["manager"] = "zypper";
  EXPECT_EQ(relations({samples::rpm(), zypper}), "") << "two managers share no repository";
}

TEST(Relations, AnotherRevisionIsAnotherVersion) {
  auto other = renamed(samples::deb(), "other");
  other["package"]["revision"] = 2;
  EXPECT_EQ(relations({samples::deb(), other}), "");
}

TEST(Relations, TheSuffixOfALaterDebReleaseSortsHigher) {
  auto document = samples::deb();
  document["releases"][1]["package"]["deb"]["suffix"] = "~deb9+1";
  EXPECT_THAT(relations({document}),
              HasSubstr("/releases/1/package/deb/suffix: \"~deb9+1\" does not sort after \"~deb12+1\" of release 1"));
}

TEST(Relations, EqualSuffixesAreRefusedBothAsEqualAndAsNotHigher) {
  auto document = samples::deb();
  document["releases"][1]["package"]["deb"]["suffix"] = "~deb12+1";
  const auto text = relations({document});
  EXPECT_THAT(text, HasSubstr("same name, version and architecture"));
  EXPECT_THAT(text, HasSubstr("does not sort after"));
}

/// Every value that reaches the spec or the patch, and another one for it.
const std::vector<std::pair<std::string, json>>& spec_values() {
  static const std::vector<std::pair<std::string, json>> all = {
      {"/package/arch", "any"},
      {"/package/revision", 2},
      {"/package/doc_dir", "/usr/share/doc/packages/{name}"},
      {"/package/rpm/license_dir", "/usr/share/doc/{name}"},
      {"/package/requires", {{"more", json::object()}}},
      {"/package/suggests", {{"more", json::object()}}},
      {"/package/conflicts", {{"more", json::object()}}},
      {"/sshd/path", "/usr/bin/sshd"},
      {"/sshd/service_type", "simple"},
      {"/sshd/environment_files", {{"/etc/default/more", true}}},
      {"/sshd/privsep_dir", "/run/sshd"},
      {"/initrd/image", "/boot/initrd-%k"},
      {"/initrd/generator", "kernel-install"},
  };
  return all;
}

json with_override(json document, const std::string& pointer, const json& value) {
  document["releases"][1][json::json_pointer(pointer)] = value;
  document["releases"][1]["sources"] = {{pointer.substr(0, pointer.find('/', 1)), "x"}};
  return document;
}

TEST(Relations, WhatReachesTheSpecOrThePatchDiffersInNoReleaseOfAnRpmDistribution) {
  for (const auto& [pointer, value] : spec_values()) {
    EXPECT_THAT(relations({with_override(samples::rpm(), pointer, value)}),
                HasSubstr("/releases/1" + pointer + ": differs from release 1, but one SRPM serves"))
        << pointer;
  }
}

TEST(Relations, WhatIsGivenOnTheCommandLineMayDiffer) {
  auto document = samples::rpm();
  document["releases"][1]["package"]["rpm"]["payload"] = "w2.xzdio";
  document["releases"][1]["package"]["rpm"]["emulate"] = {{"_vendor", "suse"}};
  document["releases"][1]["sources"] = {{"/package/rpm", "x"}};
  EXPECT_EQ(relations({document}), "");
}

TEST(Relations, ProgramsMayLieInAnotherFolderWhereBinAndSbinAreMerged) {
  EXPECT_EQ(relations({with_override(samples::rpm(), "/package/sbin_dir", "/usr/bin")}), "");
}

TEST(Relations, TwoProfilesServeNoOneIdOfOsRelease) {
  auto other = renamed(samples::rpm(), "lookalike");
  for (auto& release : other["releases"])
    release["package"]["rpm"]["dist"] = ".look" + release["id"].get<std::string>();
  EXPECT_EQ(relations({samples::rpm(), other}), "");
  other["os_release"] = samples::rpm()["os_release"];
  EXPECT_THAT(relations({samples::rpm(), other}), HasSubstr("serves this ID already"));
}

TEST(Unsourced, EachValueThatReachesAMachineHasASource) {
  auto document = samples::rpm();
  document.erase("sources");
  auto loaded = samples::load(document);
  const auto text = model::to_text(profile::unsourced(loaded));
  EXPECT_THAT(text, HasSubstr("/sshd/path: no source says where this is known from"));
  EXPECT_THAT(text, HasSubstr("/package/sbin_dir: no source"));
  EXPECT_EQ(text.find("/package/format"), std::string::npos) << text;
  document["sources"] = {{"/sshd", "x"}, {"/initrd", "x"}, {"/package", "x"}};
  loaded = samples::load(document);
  EXPECT_EQ(model::to_text(profile::unsourced(loaded)), "");
}

TEST(LeftOut, WhatNobodyDoesForARelease) {
  auto document = samples::rpm();
  const auto bare = profile::left_out(samples::load(document).distributions[0].releases[0]);
  EXPECT_THAT(bare, testing::Contains(HasSubstr("no /ci/runners")));
  EXPECT_THAT(bare, testing::Contains(HasSubstr("no /services")));
}

TEST(Relations, APrivilegeSeparationFolderOutsideOfRunReachesNoPatchAndMayDiffer) {
  EXPECT_EQ(relations({with_override(samples::rpm(), "/sshd/privsep_dir", "/var/empty/sshd")}), "");
}

TEST(Relations, ReleasesOfADebDistributionMayDiffer) {
  EXPECT_EQ(relations({with_override(samples::deb(), "/sshd/path", "/usr/bin/sshd")}), "");
}

TEST(Relations, WhyADependencyIsThereReachesNoSpec) {
  EXPECT_EQ(relations({with_override(samples::rpm(), "/package/requires",
                                     {{"systemd", {{"op", ">="}, {"version", "253"}, {"why", "another reason"}}}})}),
            "");
}

}  // namespace
