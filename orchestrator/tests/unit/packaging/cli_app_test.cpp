// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/app.hpp"
#include "cli/verbs.hpp"
#include "samples.hpp"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Ended {
  int status = 0;
  std::string out, err;
};

/// The whole program in this process, its two streams apart.
Ended orchestrator(std::vector<std::string> words) {
  words.insert(words.begin(), "orchestrator");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.status = cli::orchestrator(static_cast<int>(argv.size()), argv.data());
  ended.out = testing::internal::GetCapturedStdout();
  ended.err = testing::internal::GetCapturedStderr();
  return ended;
}

const std::string kRoot = PROJECT_ROOT;

TEST(App, HelpAndVersionAreResultsAndGood) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"build", "--help"}, {"--version"}}) {
    const auto ended = orchestrator(words);
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.out, Not(IsEmpty()));
    EXPECT_THAT(ended.err, IsEmpty());
  }
}

TEST(App, AWrongCommandLineIsStatusTwoAndSaysSoOnStderr) {
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"biuld"},
                                                                 {"build", "--nope"},
                                                                 {"build", "--jobs", "0"},
                                                                 {"build", "--jobs", "x"},
                                                                 {"build", "--jobs", "-1"},
                                                                 {"list", "--distro", "x"},
                                                                 {"schema", "x"}}) {
    const auto ended = orchestrator(words);
    EXPECT_EQ(ended.status, 2) << testing::PrintToString(words);
    EXPECT_THAT(ended.out, IsEmpty()) << testing::PrintToString(words);
    EXPECT_THAT(ended.err, Not(IsEmpty())) << testing::PrintToString(words);
  }
}

TEST(App, AMistypedVerbBringsTheNearest) {
  EXPECT_THAT(orchestrator({"biuld", "--all"}).err, HasSubstr("did you mean \"build\"?"));
  EXPECT_THAT(orchestrator({"xyzzy"}).err, HasSubstr("known: list"));
  EXPECT_THAT(orchestrator({"build", "--nope"}).err, Not(HasSubstr("there is no verb")));
}

TEST(MatrixVerb, JsonIsWhatOutputJsonIsAndFormatIsTheOldNameOfOutput) {
  const auto ended = orchestrator({"matrix", "--json", "--project", kRoot});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, orchestrator({"matrix", "--output", "json", "--project", kRoot}).out);
  EXPECT_EQ(ended.out, orchestrator({"matrix", "--format", "json", "--project", kRoot}).out);
  EXPECT_EQ(orchestrator({"matrix", "--format", "json", "--output", "json", "--project", kRoot}).status, 2);
  EXPECT_THAT(orchestrator({"matrix", "--help"}).out, Not(HasSubstr("--format ")));
}

TEST(App, OutsideOfAProjectIsStatusTwo) {
  for (const auto* verb : {"list", "show", "check", "diff", "build"}) {
    const auto ended = orchestrator({verb, "--project", "/proc"});
    EXPECT_EQ(ended.status, 2) << verb;
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, HasSubstr("/proc is not inside the project"));
    EXPECT_THAT(ended.err, HasSubstr("hint: "));
  }
}

TEST(App, AResultThatCannotBeWrittenIsStatusOne) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "this machine has no /dev/full";
  for (const auto& words : std::vector<std::vector<std::string>>{{"schema"}, {"--version"}}) {
    std::fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    dup2(full, STDOUT_FILENO);
    std::vector<std::string> all = words;
    all.insert(all.begin(), "orchestrator");
    std::vector<char*> argv;
    for (auto& word : all) argv.push_back(word.data());
    testing::internal::CaptureStderr();
    const int status = cli::orchestrator(static_cast<int>(argv.size()), argv.data());
    const auto err = testing::internal::GetCapturedStderr();
    dup2(before, STDOUT_FILENO);
    close(before);
    std::clearerr(stdout);
    std::cout.clear();
    EXPECT_EQ(status, 1) << words[0];
    EXPECT_THAT(err, StartsWith("error: ")) << words[0];
  }
  close(full);
}

TEST(List, IsATableWithEveryReleaseAndTheDefaultMarked) {
  const auto ended = orchestrator({"list", "--project", kRoot});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("44 *"));
  EXPECT_THAT(ended.err, IsEmpty());
  EXPECT_GE(base::lines(ended.out).size(), 18U);
}

TEST(List, AsJsonIsOneArray) {
  const auto ended = orchestrator({"list", "--json", "--project", kRoot});
  const auto document = json::parse(ended.out);
  EXPECT_GE(document.size(), 17U);
  std::size_t defaults = 0;
  for (const auto& release : document) defaults += release["default"].get<bool>() ? 1 : 0;
  EXPECT_EQ(defaults, 7U) << "one a distribution";
}

TEST(Show, SaysForEachValueWhereItComesFromAndWhereItIsKnownFrom) {
  const auto ended = orchestrator({"show", "--distro", "rhel:8", "--project", kRoot});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("/sshd/path"));
  EXPECT_THAT(ended.out, HasSubstr("rhel.json, release 8"));
  EXPECT_THAT(ended.err, IsEmpty());
}

TEST(Show, AsJsonIsTheMergedProfilesInTheOrderAskedFor) {
  const auto ended = orchestrator({"show", "--json", "--distro", "rhel:*", "--distro", "arch", "--project", kRoot});
  const auto document = json::parse(ended.out);
  ASSERT_EQ(document.size(), 4U);
  EXPECT_EQ(document[3]["id"], "arch");
  EXPECT_TRUE(document[0].contains("release"));
}

TEST(Show, AnUnknownDistributionIsStatusTwoWithASuggestionAndNothingElse) {
  const auto ended =
      orchestrator({"show", "--distro", "fedroa", "--distro", "rhel:7", "--distro", "arch", "--project", kRoot});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"fedora\"?"));
  EXPECT_THAT(ended.err, HasSubstr("rhel has no release \"7\""));
}

TEST(Show, WithoutADistributionIsStatusTwo) {
  const auto ended = orchestrator({"show", "--project", kRoot});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("no distribution was named"));
}

TEST(Check, OfTheProjectIsGoodAndCountsIt) {
  const auto ended = orchestrator({"check", "--project", kRoot});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("7 distributions, "));
}

TEST(Check, OfBadFilesIsStatusTwoWithAllFindingsAndNoResult) {
  const base::TempDir temp(base::temp_parent(), "check-");
  base::write_file(temp.path() / "a.json", "{");
  base::write_file(temp.path() / "b.json", "[]");
  const auto ended = orchestrator({"check", (temp.path() / "a.json").string(), (temp.path() / "b.json").string(),
                                   (temp.path() / "c.json").string()});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.out, IsEmpty());
  for (const auto* name : {"a.json", "b.json", "c.json"}) EXPECT_THAT(ended.err, HasSubstr(name));
}

TEST(Check, AsJsonPrintsFindingsAsTheResultAndHasTheSameStatus) {
  const base::TempDir temp(base::temp_parent(), "check-");
  base::write_file(temp.path() / "a.json", "{\"\xff");
  const auto ended = orchestrator({"check", "--json", (temp.path() / "a.json").string()});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, IsEmpty());
  const auto document = json::parse(ended.out);
  ASSERT_EQ(document.size(), 1U);
  EXPECT_EQ(document[0]["severity"], "error");
  const auto good = orchestrator({"check", "--json", "--project", kRoot});
  EXPECT_EQ(good.status, 0);
  EXPECT_EQ(json::parse(good.out), json::array());
}

TEST(Check, OfOneProfileSaysWhatNobodyDoesForItAndWhatHasNoSource) {
  const base::TempDir temp(base::temp_parent(), "check-");
  auto document = samples::rpm();
  document.erase("sources");
  base::write_file(temp.path() / "tester.json", document.dump(2));
  const auto ended = orchestrator({"check", (temp.path() / "tester.json").string()});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("/sshd/path: no source says where this is known from"));
  EXPECT_THAT(ended.err, HasSubstr("no /ci/runners: the matrix has no cell for it"));
  EXPECT_THAT(ended.err, HasSubstr("no /services: "));
}

TEST(Schema, IsJsonOfEitherKindOrAManualPagesList) {
  EXPECT_NE(json::parse(orchestrator({"schema"}).out), json::parse(orchestrator({"schema", "--merged"}).out));
  EXPECT_THAT(orchestrator({"schema", "--man"}).out, HasSubstr("sshd"));
}

TEST(Diff, PrintsPatchesAsTheResultAndTalksOnStderr) {
  const auto ended = orchestrator({"diff", "--all", "--project", kRoot});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("--- a/46sshd/"));
  for (const auto& line : base::lines(ended.out))
    EXPECT_THAT(std::string(" +-@"), HasSubstr(line.substr(0, 1))) << line;
  if (!ended.err.empty()) EXPECT_THAT(ended.err, HasSubstr("takes the pristine source as it is"));
}

TEST(Build, DryRunPrintsRecipesAndWritesNothing) {
  const base::TempDir temp(base::temp_parent(), "dry-");
  const auto ended = orchestrator({"build", "--dry-run", "--all", "--out", (temp.path() / "dist").string(), "--project",
                                   kRoot, "--packager", "Ada Example <ada@example.org>"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("rpmbuild"));
  EXPECT_THAT(ended.out, HasSubstr("dpkg-buildpackage"));
  EXPECT_FALSE(std::filesystem::exists(temp.path() / "dist"));
}

TEST(Build, ADryRunForMachinesIsJson) {
  const auto ended =
      orchestrator({"build", "--dry-run", "--json", "--distro", "arch", "--distro", "debian:trixie", "--package",
                    "module", "--project", kRoot, "--packager", "Ada Example <ada@example.org>"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto document = json::parse(ended.out);
  ASSERT_EQ(document.size(), 2U);
  EXPECT_EQ(document[1]["release"], "13");
  EXPECT_EQ(document[0]["steps"][0]["argv"][0], "makepkg");
  EXPECT_EQ(document[0]["files"][0]["sha256"].get<std::string>().size(), 64U);
}

TEST(Submit, ADryRunForMachinesIsJsonAndTellsOfPlaceholders) {
  const auto ended = orchestrator({"submit", "--dry-run", "--json", "--to", "aur", "--project", kRoot, "--packager",
                                   "Ada Example <ada@example.org>"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto document = json::parse(ended.out);
  ASSERT_EQ(document.size(), 2U) << "both packages";
  EXPECT_EQ(document[0]["items"][0]["release"], "arch-rolling");
  EXPECT_EQ(document[1]["items"][0]["release"], "arch-rolling-tools");
  EXPECT_THAT(ended.err, HasSubstr("without --dry-run this is refused"));
}

TEST(Submit, WithoutAPlaceOrToAServiceThatIsNoneIsStatusTwo) {
  EXPECT_THAT(orchestrator({"submit", "--to", "copr", "--project", kRoot}).err, HasSubstr("--to copr=OWNER/NAME"));
  EXPECT_THAT(orchestrator({"submit", "--to", "cpor=a/b", "--project", kRoot}).err,
              HasSubstr("did you mean \"copr\"?"));
  const auto own = orchestrator({"submit", "--to", "aur=" + kRoot, "--project", kRoot});
  EXPECT_EQ(own.status, 2);
  EXPECT_THAT(own.err, HasSubstr("a push there would replace the project's files"));
}

TEST(Publish, RefusesPlaceholdersButForATrial) {
  const base::TempDir temp(base::temp_parent(), "publish-");
  const auto ended = orchestrator({"publish", "--distro", "arch", "--to", (temp.path() / "site").string(), "--project",
                                   kRoot, "--packager", "Ada <ada@dracut-sshd.home.arpa>"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("project.json: /url: https://dracut-sshd.example.org/ is an example's address"));
  EXPECT_FALSE(std::filesystem::exists(temp.path() / "site"));
}

TEST(Build, AFormatThatIsNoneOrThatNobodyNamedHasIsStatusTwo) {
  const auto unknown = orchestrator({"build", "--format", "rmp", "--all", "--project", kRoot});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"rpm\"?"));
  const auto none = orchestrator({"build", "--format", "deb", "--distro", "fedora", "--project", kRoot});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("none of the releases named has packages of format deb"));
}

TEST(Build, AHostilePackagerIsStatusTwoAndNothingIsWritten) {
  const base::TempDir temp(base::temp_parent(), "packager-");
  const auto ended = orchestrator({"build", "--distro", "debian", "--packager", "$(id) <x@y>", "--out",
                                   (temp.path() / "dist").string(), "--project", kRoot});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("--packager: the name is one line"));
  EXPECT_FALSE(std::filesystem::exists(temp.path() / "dist"));
}

/// A copy of what the program reads of the project, to break.
class BrokenProject : public testing::Test {
 protected:
  BrokenProject() {
    for (const auto* name :
         {"distros", "module", "spec", "debian", "ebuild", "pkgbuild", "LICENSES", "orchestrator/src"}) {
      if (std::filesystem::exists(kRoot + "/" + name)) base::copy_tree(kRoot + "/" + name, temp_.path() / name, 0);
    }
    for (const auto* name : {"project.json", "CHANGELOG.md", "CMakeLists.txt"})
      base::write_file(temp_.path() / name, base::read_file(kRoot + "/" + name, 1U << 20U));
  }
  base::TempDir temp_{base::temp_parent(), "project-"};
};

TEST_F(BrokenProject, WithABadProfileEveryVerbIsStatusTwoAndWritesNothing) {
  base::write_file(temp_.path() / "distros/zzz.json", "{}");
  for (const auto* verb : {"list", "show", "check", "diff", "build"}) {
    std::vector<std::string> words = {verb, "--project", temp_.path().string()};
    if (std::string("list check").find(verb) == std::string::npos) words.emplace_back("--all");
    const auto ended = orchestrator(words);
    EXPECT_EQ(ended.status, 2) << verb;
    EXPECT_THAT(ended.out, IsEmpty()) << verb;
    EXPECT_THAT(ended.err, HasSubstr("zzz.json: /id: missing")) << verb;
  }
  EXPECT_FALSE(std::filesystem::exists(temp_.path() / "dist"));
}

TEST_F(BrokenProject, ABrokenTemplateIsStatusOneAndNamesTheRelease) {
  base::write_file(temp_.path() / "spec/module/package.spec", "@NOPE@\n");
  const auto ended = orchestrator({"build", "--dry-run", "--distro", "fedora", "--project", temp_.path().string()});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("fedora-44: "));
  EXPECT_THAT(ended.err, HasSubstr("@NOPE@"));
}

}  // namespace
