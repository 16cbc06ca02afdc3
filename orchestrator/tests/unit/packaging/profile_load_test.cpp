// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "profile/load.hpp"
#include "samples.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const profile::Leaf& leaf(const profile::Release& release, const std::string& pointer) {
  const auto found = std::ranges::find(release.leaves, pointer, &profile::Leaf::pointer);
  if (found == release.leaves.end()) throw base::Error("no leaf " + pointer);
  return *found;
}

std::string faults(const json& document, const std::string& file = "tester.json") {
  const auto loaded = samples::load(document, file);
  EXPECT_TRUE(loaded.distributions.empty());
  return model::to_text(loaded.findings);
}

TEST(Load, ReleasesStandInTheOrderOfTheFile) {
  auto document = samples::rpm();
  document["releases"][0]["id"] = "10";
  document["releases"][1]["id"] = "9";
  document["default"] = "9";
  const auto loaded = samples::load(document);
  ASSERT_EQ(loaded.distributions.size(), 1U) << model::to_text(loaded.findings);
  EXPECT_EQ(loaded.distributions[0].releases[0].profile.release, "10");
  EXPECT_EQ(loaded.distributions[0].releases[1].profile.release, "9");
  EXPECT_EQ(loaded.distributions[0].default_release, "9");
}

TEST(Load, AReleaseIsMergedOverTheDistribution) {
  auto document = samples::rpm();
  document["releases"][1]["sshd"] = {{"path", "/usr/bin/sshd"}, {"helper_dir", nullptr}};
  document["releases"][1]["package"]["requires"] = {{"dracut", nullptr}, {"more", json::object()}};
  document["releases"][1]["sources"] = {{"/sshd", "x"}, {"/package/requires/dracut", "y"}};
  const auto profile = samples::profile_of(document, 1);
  EXPECT_EQ(profile.sshd.path, "/usr/bin/sshd");
  EXPECT_EQ(profile.sshd.helper_dir, "");
  EXPECT_EQ(profile.sshd.privsep_user, "sshd") << "what the release does not say stays";
  ASSERT_EQ(profile.package.depends.size(), 2U);
  EXPECT_EQ(profile.package.depends[0].name, "more");
  EXPECT_EQ(profile.package.depends[1].name, "systemd");
  EXPECT_EQ(samples::profile_of(document, 0).sshd.path, "/usr/sbin/sshd") << "and the other release does not see it";
}

TEST(Load, EachLeafSaysItsLevelAndItsNearestSource) {
  auto document = samples::rpm();
  document["releases"][1]["sshd"] = {{"path", "/usr/bin/sshd"}};
  document["releases"][1]["sources"] = {{"/sshd/path", "a list of files"}};
  const auto loaded = samples::load(document);
  ASSERT_EQ(loaded.distributions.size(), 1U) << model::to_text(loaded.findings);
  const auto& release = loaded.distributions[0].releases[1];
  EXPECT_EQ(leaf(release, "/sshd/path").level, "2");
  EXPECT_EQ(leaf(release, "/sshd/path").value, "\"/usr/bin/sshd\"");
  EXPECT_EQ(leaf(release, "/sshd/path").source, "a list of files");
  EXPECT_EQ(leaf(release, "/sshd/privsep_user").level, "");
  EXPECT_EQ(leaf(release, "/sshd/privsep_user").source, "a manual") << "of the object that holds it";
  EXPECT_EQ(leaf(release, "/initrd/image").source, "");
  EXPECT_EQ(leaf(release, "/sshd/environment_files/~1etc~1sysconfig~1sshd").value, "true")
      << "a key's slashes are escaped";
}

TEST(Load, TheMergedProfileHasTheReleaseAndNothingOfTheFilesOwn) {
  const auto loaded = samples::load(samples::rpm());
  const auto merged = json::parse(loaded.distributions.at(0).releases.at(0).merged);
  EXPECT_EQ(merged["release"], "1");
  EXPECT_EQ(merged["id"], "tester");
  for (const auto* key : {"releases", "sources", "default"}) EXPECT_FALSE(merged.contains(key)) << key;
}

TEST(Load, TheFileBearsTheDistributionsId) {
  EXPECT_THAT(faults(samples::rpm(), "other.json"),
              HasSubstr("other.json: /id: is \"tester\", but the file is called other.json"));
}

TEST(Load, TwoReleasesOfOneNameAreRefused) {
  auto document = samples::rpm();
  document["releases"][1]["id"] = "1";
  document["default"] = "1";
  EXPECT_THAT(faults(document), HasSubstr("/releases/1/id: release \"1\" stands here twice"));
}

TEST(Load, ADefaultThatIsNoReleaseIsRefused) {
  auto document = samples::rpm();
  document["default"] = "3";
  EXPECT_THAT(faults(document), HasSubstr("/default: there is no release \"3\""));
}

TEST(Load, AnOverrideWithoutASourceOfItsOwnIsRefused) {
  auto document = samples::rpm();
  document["releases"][1]["sshd"] = {{"path", "/usr/bin/sshd"}};
  EXPECT_THAT(faults(document),
              HasSubstr("/releases/1/sshd/path: overrides the distribution's value without a source"));
  document["releases"][1]["sshd"] = {{"helper_dir", nullptr}};
  EXPECT_THAT(faults(document), HasSubstr("/releases/1/sshd/helper_dir: overrides")) << "removing is overriding";
}

TEST(Load, AValueThatTheDistributionDoesNotHaveIsNoOverride) {
  auto document = samples::rpm();
  document["releases"][1]["package"]["requires"] = {{"more", json::object()}};
  EXPECT_EQ(samples::load(document).distributions.size(), 1U);
}

TEST(Load, ASourceThatNamesNothingAtItsLevelIsRefused) {
  auto document = samples::rpm();
  document["releases"][0]["sources"] = {{"/sshd/path", "x"}, {"/eol", "fine"}};
  EXPECT_THAT(faults(document), HasSubstr("/releases/0/sources: \"/sshd/path\" names nothing at this level"));
  for (const auto* odd :
       {"/releases/x", "/releases/99999999999999999999", "/a~b", "/~2", "/releases/-", "/releases/01"}) {
    auto other = samples::rpm();
    other["sources"] = {{odd, "x"}};
    EXPECT_THAT(faults(other), HasSubstr("names nothing at this level")) << odd;
  }
}

TEST(Load, AReleaseThatIsIncompleteIsNamedByItsId) {
  auto document = samples::rpm();
  document["releases"][1].erase("dracut");
  EXPECT_THAT(faults(document), HasSubstr("tester.json: release 2: /dracut: missing: The version of dracut."));
}

TEST(Load, AReleaseThatRemovesAWholeObjectIsIncompleteAndNoCrash) {
  for (const auto* key : {"package", "sshd", "initrd"}) {
    auto document = samples::rpm();
    document["releases"][1][key] = nullptr;
    document["releases"][1]["sources"] = {{std::string("/") + key, "x"}};
    EXPECT_THAT(faults(document), HasSubstr(std::string("release 2: /") + key + ": missing")) << key;
  }
}

TEST(Load, WhatIsNoObjectIsRefused) {
  for (const auto* text : {"[]", "3", "null", "\"x\""}) {
    profile::Loaded loaded;
    profile::load_text(text, "x.json", loaded);
    EXPECT_EQ(model::to_text(loaded.findings), "error: x.json: /: expected an object\n") << text;
  }
}

TEST(Load, ReleasesAreAnArrayOfObjectsAndNotEmpty) {
  for (const auto& value : {json::array(), json::object(), json("x")}) {
    auto document = samples::rpm();
    document["releases"] = value;
    EXPECT_THAT(faults(document), HasSubstr("/releases: expected an array with at least one release")) << value;
  }
  auto document = samples::rpm();
  document["releases"][1] = 3;
  EXPECT_THAT(faults(document), HasSubstr("/releases/1: expected an object"));
}

TEST(Load, AllFaultsOfAllReleasesAreReportedAtOnce) {
  auto document = samples::rpm();
  document["releases"][0]["openssh"] = 3;
  document["releases"][1]["dracut"] = "new";
  document["name"] = 4;
  EXPECT_EQ(samples::load(document).findings.size(), 3U);
}

TEST(LoadFiles, AFileThatIsNotThereIsAFindingAndTheOthersAreRead) {
  const base::TempDir folder(base::temp_parent(), "load-");
  base::write_file(folder.path() / "tester.json", samples::rpm().dump());
  const auto loaded = profile::load_files({folder.path() / "none.json", folder.path() / "tester.json"});
  EXPECT_EQ(loaded.distributions.size(), 1U);
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_THAT(loaded.findings[0].message, HasSubstr("No such file"));
}

TEST(LoadFiles, AFileThatMayNotBeReadIsAFinding) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const base::TempDir folder(base::temp_parent(), "load-");
  base::write_file(folder.path() / "x.json", "{}", 0);
  const auto loaded = profile::load_files({folder.path() / "x.json"});
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_THAT(loaded.findings[0].message, HasSubstr("Permission denied"));
}

TEST(LoadFiles, AFolderAPipeAndADeviceAreFindingsAndAreNotWaitedFor) {
  const base::TempDir folder(base::temp_parent(), "load-");
  fs::create_directory(folder.path() / "folder.json");
  ASSERT_EQ(mkfifo((folder.path() / "pipe.json").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder.path() / "zero.json");
  fs::create_symlink("loop.json", folder.path() / "loop.json");
  EXPECT_EQ(profile::load_files(profile::files_in(folder.path())).findings.size(), 4U);
}

TEST(LoadFiles, AHundredMegabytesAreRefusedUnread) {
  const base::TempDir folder(base::temp_parent(), "load-");
  std::ofstream(folder.path() / "x.json");
  fs::resize_file(folder.path() / "x.json", 100U << 20U);
  const auto loaded = profile::load_files({folder.path() / "x.json"});
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_THAT(loaded.findings[0].message, HasSubstr("longer than 1.0 MiB"));
}

TEST(LoadFiles, DistributionsAreSortedByTheirId) {
  const base::TempDir folder(base::temp_parent(), "load-");
  auto other = samples::deb();
  other["id"] = "alpha";
  base::write_file(folder.path() / "tester.json", samples::rpm().dump());
  base::write_file(folder.path() / "alpha.json", other.dump());
  const auto loaded = profile::load_files({folder.path() / "tester.json", folder.path() / "alpha.json"});
  ASSERT_EQ(loaded.distributions.size(), 2U) << model::to_text(loaded.findings);
  EXPECT_EQ(loaded.distributions[0].id, "alpha");
}

TEST(LoadFiles, FilesInAFolderAreThoseThatEndInJsonSorted) {
  const base::TempDir folder(base::temp_parent(), "load-");
  for (const auto* name : {"b.json", "a.json", "c.txt", "d.json~"}) base::write_file(folder.path() / name, "");
  EXPECT_THAT(profile::files_in(folder.path()), ElementsAre(folder.path() / "a.json", folder.path() / "b.json"));
}

TEST(LoadFiles, AFolderThatIsNotThereIsAnErrorOfUsage) {
  try {
    static_cast<void>(profile::files_in("/nonexistent/distros"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::usage);
    EXPECT_THAT(error.hint(), HasSubstr("--project"));
  }
}

TEST(LoadFiles, TheProjectsOwnProfilesHaveNothingWrong) {
  const auto loaded = profile::load_files(profile::files_in(fs::path(PROJECT_ROOT) / "distros"));
  EXPECT_EQ(model::to_text(loaded.findings), "");
  std::size_t releases = 0;
  for (const auto& distribution : loaded.distributions) releases += distribution.releases.size();
  EXPECT_GE(releases, 17U);
}

TEST(LoadFiles, TheSmallGoodProfilesHaveNothingWrong) {
  const auto files = profile::files_in(fs::path(PROJECT_ROOT) / "orchestrator/tests/profiles/good");
  ASSERT_GE(files.size(), 4U);
  for (const auto& file : files) EXPECT_EQ(model::to_text(profile::load_files({file}).findings), "") << file;
}

}  // namespace
