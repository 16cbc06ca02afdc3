// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "formats/format.hpp"
#include "matrix/affected_releases.hpp"
#include "profile/select.hpp"
#include "samples.hpp"

namespace {

using matrix::Reach;
using matrix::ReachTable;
using matrix::Target;
using matrix::Tests;
using testing::ElementsAre;
using testing::IsEmpty;

const Target kEverything{Reach::everything, ""};
const Target kNothing{Reach::nothing, ""};

std::vector<std::string> keys(const std::vector<const profile::Release*>& releases) {
  std::vector<std::string> out;
  for (const auto* release : releases) out.push_back(release->profile.key());
  return out;
}

/// Two distributions: tester (rpm, 1 and 2) and other (deb, 1 and 2).
profile::Loaded two() {
  auto loaded = samples::load(samples::rpm());
  auto deb = samples::deb();
  deb["id"] = "other";
  profile::load_text(deb.dump(), "other.json", loaded);
  return loaded;
}

/// The project's own table.
const ReachTable& table() {
  static const auto read = ReachTable::read(std::filesystem::path(PROJECT_ROOT) / "ci/reach.list");
  return read;
}

Target reach_of(std::string_view path) { return table().reach_of(path); }

std::string fault_of(std::string_view text) {
  try {
    (void)ReachTable::parse(text, "reach.list");
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::optional<std::string> was_not_there(const std::string&) { return std::nullopt; }

TEST(Reach, AProfileReachesItsDistribution) {
  EXPECT_EQ(reach_of("distros/tester.json"), (Target{Reach::distribution, "tester"}));
  EXPECT_EQ(reach_of("distros/README"), kEverything);
  EXPECT_EQ(reach_of("distros/deep/tester.json"), kEverything);
}

TEST(Reach, TemplatesReachTheirFormat) {
  EXPECT_EQ(reach_of("spec/dracut-sshd.spec"), (Target{Reach::format, "rpm"}));
  EXPECT_EQ(reach_of("debian/source/format"), (Target{Reach::format, "deb"}));
  EXPECT_EQ(reach_of("pkgbuild/PKGBUILD"), (Target{Reach::format, "pkgbuild"}));
  EXPECT_EQ(reach_of("ebuild/a/b"), (Target{Reach::format, "ebuild"}));
  EXPECT_EQ(reach_of("spec"), kEverything) << "a file of the folder's name is none of its templates";
}

TEST(Reach, TheSourceTheProgramAndWhatCellsAreMadeOfReachEverything) {
  for (const auto* path : {"module/46sshd/module-setup.sh", "module/install.list", "orchestrator/src/cli/app.cpp",
                           "orchestrator/CMakeLists.txt", "CMakeLists.txt", "CHANGELOG.md", "project.json", "ci/cell",
                           "ci/celllib/plan.py", "ci/deps.list", ".github/workflows/cells.yml", ".gitlab-ci.yml",
                           "LICENSES/GPL-2.0-or-later.txt"})
    EXPECT_EQ(reach_of(path), kEverything) << path;
}

TEST(Reach, DocumentsTestsAndLintersReachNothing) {
  for (const auto* path : {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "ci/lint/man", "ci/e2e/boot", "ci/test",
                           "ci/CMakeLists.txt", "module/tests/unlock.bats", "orchestrator/tests/unit/x_test.cpp",
                           "orchestrator/man/orchestrator.1", ".clang-format", ".gitignore"})
    EXPECT_EQ(reach_of(path), kNothing) << path;
}

TEST(Reach, WhatTheTableDoesNotKnowReachesEverything) {
  for (const auto* path : {"", "new", "new/file", "ci", "cixcell", "README.md.orig", "modulex"})
    EXPECT_EQ(reach_of(path), kEverything) << path;
}

TEST(Reach, EveryPathOfTheTableIsThere) {
  EXPECT_GT(table().rules().size(), 40U);
  for (const auto& rule : table().rules())
    EXPECT_TRUE(std::filesystem::exists(std::string(PROJECT_ROOT) + "/" + std::string(rule.path))) << rule.path;
}

TEST(Reach, EachFormatHasALineForItsTemplates) {
  for (const auto& name : formats::names())
    EXPECT_EQ(reach_of(std::string(formats::find(name)->template_folder()) + "/x"), (Target{Reach::format, name}));
}

TEST(Reach, WithoutATableEverythingIsReached) {
  const auto none = ReachTable::read("/nonexistent/reach.list");
  EXPECT_THAT(none.rules(), IsEmpty());
  EXPECT_EQ(none.reach_of("README.md"), kEverything);
  EXPECT_EQ(none.tests_of({"README.md"}), Tests::core);
  EXPECT_EQ(none.tests_of({}), Tests::none);
}

TEST(Reach, TheFirstLineThatFitsDecides) {
  const auto own = ReachTable::parse("# words\n\na/b/ nothing -\na/ format:rpm tool\n a/c  everything\tcore\n", "x");
  EXPECT_EQ(own.reach_of("a/b/c"), kNothing);
  EXPECT_EQ(own.reach_of("a/c"), (Target{Reach::format, "rpm"}));
  EXPECT_EQ(own.tests_of({"a/b/c"}), Tests::none);
  EXPECT_EQ(own.tests_of({"a/b/c", "a/c"}), Tests::tool);
  EXPECT_EQ(own.tests_of({"a/b/c", "other"}), Tests::core);
}

TEST(Reach, ALineThatIsNoneIsNamed) {
  EXPECT_EQ(fault_of("a nothing -\nb nothing\n"), "reach.list:2: expected three words, PATH CELLS TESTS");
  EXPECT_EQ(fault_of("a nothing - more\n"), "reach.list:1: expected three words, PATH CELLS TESTS");
  EXPECT_EQ(fault_of("../a nothing -\n"), "reach.list:1: \"../a\" is not a valid relative path");
  EXPECT_EQ(fault_of("/ nothing -\n"), "reach.list:1: \"/\" is not a valid relative path");
  EXPECT_EQ(fault_of("a nothing all\n"), "reach.list:1: \"all\" is not known; expected -, tool or core");
  for (const auto* cells : {"all", "format:", "format:zip", "distribution"})
    EXPECT_THAT(fault_of(std::string("a ") + cells + " -\n"),
                testing::StartsWith(std::string("reach.list:1: \"") + cells + "\" is not known; expected nothing, "));
}

TEST(Reached, AFormatsTemplatesReachItsReleasesAlone) {
  const auto loaded = two();
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"debian/rules"}, was_not_there)),
              ElementsAre("other-1", "other-2"));
}

TEST(Reached, NoChangeAndDocumentsAloneReachNothing) {
  const auto loaded = two();
  EXPECT_THAT(table().reached(profile::all(loaded), {}, was_not_there), IsEmpty());
  EXPECT_THAT(table().reached(profile::all(loaded), {"README.md", "ci/lint/man"}, was_not_there), IsEmpty());
}

TEST(Reached, OneFileOfTheSourceReachesAllWhateverElseHasChanged) {
  const auto loaded = two();
  EXPECT_THAT(
      keys(table().reached(profile::all(loaded), {"README.md", "distros/tester.json", "module/x"}, was_not_there)),
      ElementsAre("tester-1", "tester-2", "other-1", "other-2"));
}

TEST(Reached, OfAProfileOnlyTheReleasesThatMergeToSomethingElse) {
  const auto loaded = two();
  const auto before = [](nlohmann::json document) {
    return [text = document.dump()](const std::string&) { return std::optional<std::string>(text); };
  };
  auto document = samples::rpm();
  document["releases"][1]["openssh"] = "10.1p1";
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"distros/tester.json"}, before(document))),
              ElementsAre("tester-2"));
  document = samples::rpm();
  document["sshd"]["path"] = "/usr/bin/sshd";
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"distros/tester.json"}, before(document))),
              ElementsAre("tester-1", "tester-2"));
  document = samples::rpm();
  document["sources"]["/sshd"] = "another manual";
  EXPECT_THAT(table().reached(profile::all(loaded), {"distros/tester.json"}, before(document)), IsEmpty());
  document = samples::rpm();
  document["releases"].erase(0);
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"distros/tester.json"}, before(document))),
              ElementsAre("tester-1"));
}

TEST(Reached, AProfileThatWasNotThereOrCannotBeReadReachesAllOfIt) {
  const auto loaded = two();
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"distros/tester.json"}, was_not_there)),
              ElementsAre("tester-1", "tester-2"));
  const auto broken = [](const std::string&) { return std::optional<std::string>("{\"id\": "); };
  EXPECT_THAT(keys(table().reached(profile::all(loaded), {"distros/tester.json"}, broken)),
              ElementsAre("tester-1", "tester-2"));
  EXPECT_THAT(table().reached(profile::all(loaded), {"distros/removed.json"}, was_not_there), IsEmpty());
}

}  // namespace
