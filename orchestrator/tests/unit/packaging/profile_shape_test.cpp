// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "profile/complete.hpp"
#include "profile/shape.hpp"
#include "samples.hpp"

namespace {

using nlohmann::json;
using profile::Scope;
using testing::HasSubstr;

model::Findings shape(const std::string& text, Scope scope = Scope::distribution, const std::string& base = "") {
  model::Findings findings;
  profile::check_shape(json::parse(text), scope, "x.json", base, findings);
  return findings;
}

model::Finding only(const std::string& text, Scope scope = Scope::distribution, const std::string& base = "") {
  const auto findings = shape(text, scope, base);
  EXPECT_EQ(findings.size(), 1U) << text << "\n" << model::to_text(findings);
  return findings.empty() ? model::Finding{} : findings[0];
}

TEST(Shape, AnEmptyLevelHasTheRightShape) { EXPECT_TRUE(shape("{}").empty()); }

TEST(Shape, AnUnknownKeyBringsTheNearestKnownOne) {
  const auto finding = only(R"({"package":{"requirs":{}}})");
  EXPECT_EQ(finding.where, "x.json: /package");
  EXPECT_EQ(finding.message, "unknown key \"requirs\", did you mean \"requires\"?");
}

TEST(Shape, AnUnknownKeyThatIsLikeNoneBringsAllThatAreKnown) {
  const auto finding = only(R"({"initrd":{"zzzzzzzz":1}})");
  EXPECT_EQ(finding.message, "unknown key \"zzzzzzzz\"");
  EXPECT_EQ(finding.hint, "known here: image, generator, hooks, replaces");
}

TEST(Shape, AKeyOfTheOtherLevelSaysWhereItBelongs) {
  EXPECT_THAT(only(R"({"eol":"2026-01-01"})").hint, HasSubstr("belongs into a release"));
  EXPECT_THAT(only(R"({"name":"x"})", Scope::release).hint, HasSubstr("whole distribution"));
}

TEST(Shape, PlacesBeginWithTheLevelsOwnPointer) {
  EXPECT_EQ(only(R"({"sshd":{"path":3}})", Scope::release, "/releases/4").where, "x.json: /releases/4/sshd/path");
  EXPECT_EQ(only(R"({"zzzzzzzz":3})", Scope::distribution).where, "x.json: /");
}

TEST(Shape, EveryKindRefusesEveryOtherType) {
  const std::vector<std::string> values = {"1", "\"x\"", "true", "[]", "{}", "1.5", "null"};
  for (const auto& field : profile::fields()) {
    if (field.scope == Scope::release) continue;
    for (const auto& value : values) {
      using profile::Kind;
      const bool takes_object = field.kind == Kind::object || field.kind == Kind::set ||
                                field.kind == Kind::dependencies || field.kind == Kind::macros ||
                                field.kind == Kind::sources;
      if (value == "{}" && takes_object) continue;
      if (value == "1" && field.kind == Kind::integer) continue;
      if (value == "\"x\"" && field.kind == Kind::string) continue;   // its grammar decides
      if (field.kind == Kind::releases && value != "null") continue;  // the loader's
      json document = json::object();
      document[json::json_pointer(std::string(field.pointer))] = json::parse(value);
      EXPECT_EQ(shape(document.dump()).size(), 1U) << field.pointer << " took " << value;
    }
  }
}

TEST(Shape, AllFaultsOfALevelAreReportedAtOnce) {
  EXPECT_EQ(shape(R"({"id":"A","name":3,"package":{"format":"zip","revision":0},"sshd":[],"x":1})").size(), 6U);
}

TEST(Shape, AWrongChoiceBringsTheNearestOneAndAll) {
  const auto finding = only(R"({"package":{"format":"rmp"}})");
  EXPECT_EQ(finding.message, "expected one of rpm, deb, ebuild, pkgbuild; got \"rmp\"");
  EXPECT_EQ(finding.hint, "did you mean \"rpm\"?");
}

TEST(Shape, ARevisionIsAWholeNumberFromOneTo999) {
  for (const auto* good : {"1", "999"})
    EXPECT_TRUE(shape(std::string(R"({"package":{"revision":)") + good + "}}").empty()) << good;
  for (const auto* bad : {"0", "-1", "1000", "1.0", "18446744073709551615", "\"1\""})
    only(std::string(R"({"package":{"revision":)") + bad + "}}");
}

TEST(Shape, NullRemovesInAReleaseAndIsRefusedInADistribution) {
  EXPECT_TRUE(shape(R"({"sshd":{"helper_dir":null},"package":{"requires":{"dracut":null}}})", Scope::release).empty());
  EXPECT_EQ(shape(R"({"sshd":{"helper_dir":null},"package":{"requires":{"dracut":null}}})").size(), 2U);
}

TEST(Shape, AMemberOfASetIsTrueAndItsNameFits) {
  EXPECT_THAT(only(R"({"sshd":{"environment_files":{"/etc/x":1}}})").hint, HasSubstr("{\"member\": true}"));
  EXPECT_THAT(only(R"({"sshd":{"environment_files":{"/etc/x":false}}})").message,
              HasSubstr("expected true, got false"));
  EXPECT_THAT(only(R"({"sshd":{"environment_files":{"etc/x":true}}})").message, HasSubstr("absolute path"));
}

TEST(Shape, ADependencyHasAnOperatorAndAVersionOrNone) {
  EXPECT_TRUE(shape(R"({"package":{"requires":{"a":{"op":">=","version":"1","why":"x"}}}})").empty());
  EXPECT_THAT(only(R"({"package":{"requires":{"a":{"op":">="}}}})").message, HasSubstr("go together"));
  EXPECT_THAT(only(R"({"package":{"requires":{"a":{"version":"1"}}}})").message, HasSubstr("go together"));
  EXPECT_THAT(only(R"({"package":{"requires":{"a":{"op":"==","version":"1"}}}})").message,
              HasSubstr("<, <=, =, >=, >"));
  EXPECT_THAT(only(R"({"package":{"requires":{"a":{"op":">=","version":"one"}}}})").message, HasSubstr("a version"));
  EXPECT_THAT(only(R"({"package":{"requires":{"a":3}}})").message, "expected an object, got 3");
  EXPECT_THAT(only(R"({"package":{"requires":{"a b":{}}}})").message, HasSubstr("a package's name"));
  EXPECT_THAT(only(R"({"package":{"requires":{"a":{"wy":"x"}}}})").message, HasSubstr("did you mean \"why\"?"));
}

TEST(Shape, AMacroHasANameAndOneWord) {
  EXPECT_TRUE(shape(R"({"package":{"rpm":{"emulate":{"_vendor":"redhat"}}}})").empty());
  EXPECT_THAT(only(R"({"package":{"rpm":{"emulate":{"a-b":"x"}}}})").message, HasSubstr("a macro's name"));
  EXPECT_THAT(only(R"x({"package":{"rpm":{"emulate":{"_vendor":"%(id)"}}}})x").message, HasSubstr("one word"));
}

TEST(Shape, OnlyWhatATargetDefinesIsEmulatedAndProgramsLieWhereProgramsLie) {
  for (const auto* name : {"_topdir", "__spec_install_pre", "_sbindir", "_buildrootdir"})
    EXPECT_THAT(only(R"({"package":{"rpm":{"emulate":{")" + std::string(name) + R"(":"x"}}}})").message,
                HasSubstr("expected one of _defaultdocdir"))
        << name;
  for (const auto* folder : {"/etc/cron.d", "/usr/lib/systemd/system-generators", "/usr/local/sbin"})
    EXPECT_THAT(only(R"({"package":{"sbin_dir":")" + std::string(folder) + R"("}})").message,
                HasSubstr("expected one of /usr/sbin, /usr/bin"));
  EXPECT_THAT(only(R"({"package":{"doc_dir":"/etc/cron.d/{name}"}})").message, HasSubstr("below /usr/share"));
}

TEST(Shape, ASourceIsAJsonPointerAndATextOfOneLine) {
  EXPECT_THAT(only(R"({"sources":{"sshd":"x"}})").message, HasSubstr("JSON pointer"));
  EXPECT_THAT(only(R"({"sources":{"":"x"}})").message, HasSubstr("JSON pointer"));
  EXPECT_THAT(only(R"({"sources":{"/sshd":3}})").message, HasSubstr("expected a string, got 3"));
  EXPECT_THAT(only("{\"sources\":{\"/sshd\":\"a\\nb\"}}").message, HasSubstr("printable ASCII"));
}

TEST(Shape, WhatAHostileTextHoldsIsShownPrintableAndShort) {
  const auto findings = shape("{\"\\u001b]0;x\\u0007\":1,\"name\":\"\\u001b[31m\",\"sshd\":{\"path\":\"" +
                              std::string(5000, 'x') + "\"}}");
  ASSERT_EQ(findings.size(), 3U);
  const auto text = model::to_text(findings);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 1500U);
}

TEST(Complete, ACompleteProfileHasNothingMissing) {
  auto merged = samples::rpm();
  merged.merge_patch(merged["releases"][0]);
  model::Findings findings;
  profile::check_complete(merged, "x", findings);
  EXPECT_TRUE(findings.empty()) << model::to_text(findings);
}

TEST(Complete, EachRequiredFieldIsMissedByItsName) {
  auto whole = samples::rpm();
  whole.merge_patch(whole["releases"][0]);
  for (const auto& field : profile::fields()) {
    const bool is_packages = field.kind == profile::Kind::packages;
    if (is_packages || !field.required || field.scope == Scope::distribution ||
        !(field.format.empty() || field.format == "rpm"))
      continue;
    const std::string pointer(field.pointer);
    auto merged = whole;
    const auto slash = pointer.rfind('/');
    merged[json::json_pointer(pointer.substr(0, slash))].erase(pointer.substr(slash + 1));
    model::Findings findings;
    profile::check_complete(merged, "x", findings);
    ASSERT_FALSE(findings.empty()) << pointer;
    EXPECT_THAT(model::to_text(findings), HasSubstr("x: " + pointer + ": missing: ")) << pointer;
  }
}

TEST(Complete, TheFieldsOfAnotherFormatDoNotApply) {
  auto merged = samples::rpm();
  merged.merge_patch(merged["releases"][0]);
  merged["package"]["deb"] = {{"suffix", "~x"}};
  model::Findings findings;
  profile::check_complete(merged, "x", findings);
  ASSERT_EQ(findings.size(), 1U) << model::to_text(findings);
  EXPECT_EQ(findings[0].where, "x: /package/deb");
  EXPECT_THAT(findings[0].message, HasSubstr("applies to packages of format deb alone; this one is rpm"));
}

json of_two_packages() {
  auto merged = samples::rpm();
  merged.merge_patch(merged["releases"][0]);
  merged["packages"] = {{"module", {{"arch", "noarch"}}}, {"tools", {{"architectures", {{"x86_64", true}}}}}};
  merged["package"].erase("arch");
  return merged;
}

TEST(Complete, WhatOnePackageLacksIsSaidOfThatPackage) {
  auto merged = of_two_packages();
  model::Findings findings;
  profile::check_complete(merged, "x", findings);
  EXPECT_EQ(model::to_text(findings), "");
  merged["package"].erase("requires");
  merged["packages"]["tools"]["requires"] = json::object();
  profile::check_complete(merged, "x", findings);
  ASSERT_EQ(findings.size(), 1U) << model::to_text(findings);
  EXPECT_EQ(findings[0].where, "x: /packages/module/requires");
}

TEST(Complete, WhatAllPackagesLackIsSaidOnce) {
  auto merged = of_two_packages();
  merged["package"].erase("doc_dir");
  model::Findings findings;
  profile::check_complete(merged, "x", findings);
  ASSERT_EQ(findings.size(), 1U) << model::to_text(findings);
  EXPECT_EQ(findings[0].where, "x: /package/doc_dir");
}

TEST(Complete, APackageIsForOneArchitectureOrForNone) {
  for (const auto* arch : {R"({"arch":"noarch","architectures":{"x86_64":true}})", "{}"}) {
    auto merged = of_two_packages();
    merged["packages"] = {{"module", json::parse(arch)}};
    model::Findings findings;
    profile::check_complete(merged, "x", findings);
    ASSERT_EQ(findings.size(), 1U) << arch;
    EXPECT_EQ(findings[0].where, "x: /package/arch") << arch;
  }
}

TEST(Complete, AReleaseHasAPackage) {
  auto merged = of_two_packages();
  merged["packages"] = json::object();
  model::Findings findings;
  profile::check_complete(merged, "x", findings);
  EXPECT_THAT(model::to_text(findings), HasSubstr("x: /packages: missing: no package is made for it"));
}

TEST(Complete, APackageIsWhatIsSaidOfItOverWhatIsSaidOfAll) {
  const auto merged = of_two_packages();
  EXPECT_THAT(profile::packages_of(merged), testing::ElementsAre("module", "tools"));
  const auto tools = profile::package_profile(merged, "tools");
  EXPECT_FALSE(tools.contains("packages"));
  EXPECT_FALSE(tools["package"].contains("arch"));
  EXPECT_TRUE(tools["package"]["architectures"]["x86_64"]);
  EXPECT_EQ(tools["package"]["format"], "rpm");
}

TEST(Shape, APackageHasTheFieldsOfAllButThoseThatAreCommon) {
  EXPECT_TRUE(shape(R"({"packages":{"tools":{"requires":{"dracut":{}},"rpm":{"payload":"w2.xzdio"}}}})").empty());
  EXPECT_EQ(only(R"({"packages":{"tools":{"reqires":{}}}})").where, "x.json: /packages/tools");
  EXPECT_THAT(only(R"({"packages":{"tools":{"format":"deb"}}})").message, HasSubstr("unknown key \"format\""));
  EXPECT_EQ(only(R"({"packages":{"tools":{"requires":3}}})").where, "x.json: /packages/tools/requires");
  EXPECT_THAT(only(R"({"packages":{"../x":{}}})").message, HasSubstr("expected small letters"));
  EXPECT_THAT(only(R"({"packages":{"tools":null}})").message, HasSubstr("got null"));
  EXPECT_THAT(only(R"({"packages":[]})").message, HasSubstr("expected an object"));
}

}  // namespace
