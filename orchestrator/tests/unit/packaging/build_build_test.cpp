// SPDX-License-Identifier: GPL-3.0-or-later
#include "build/build.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/lock.hpp"
#include "fake_format.hpp"

namespace {

namespace fs = std::filesystem;
using build::Verdict;
using testing::HasSubstr;
using testing::SizeIs;

class BuildTest : public testing::Test {
 protected:
  BuildTest() {
    for (const auto* release : {"1", "2", "3"}) jobs_.push_back(bench_.job(release));
    options_.out = temp_.path() / "new/dist";
    options_.jobs = 2;
  }

  std::vector<Verdict> build() {
    std::vector<Verdict> verdicts;
    for (const auto& row : build::build(jobs_, options_, context_)) verdicts.push_back(row.result.verdict);
    return verdicts;
  }

  [[nodiscard]] long makes() const {
    const auto all = context_.runner.commands();
    return std::ranges::count_if(all, [](const auto& command) { return fakes::program_of(command) == "maker"; });
  }

  base::TempDir temp_{base::temp_parent(), "build-"};
  fakes::Context<> context_{fakes::play};
  fakes::Bench bench_;
  std::vector<build::Job> jobs_;
  build::BuildOptions options_;
};

TEST_F(BuildTest, MakesItsFolderAndHasARowForEachJobInTheirOrder) {
  const auto rows = build::build(jobs_, options_, context_);
  ASSERT_THAT(rows, SizeIs(3));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].job, &jobs_[i]);
    EXPECT_EQ(rows[i].result.verdict, Verdict::proven) << rows[i].result.failure;
  }
  EXPECT_TRUE(fs::exists(options_.out / "tester-3/package-1.0.0.fake"));
  EXPECT_FALSE(fs::exists(options_.out / ".work"));
}

TEST_F(BuildTest, AnUnchangedKeyIsNotBuiltAgain) {
  static_cast<void>(build());
  EXPECT_EQ(makes(), 3);
  EXPECT_THAT(build(), testing::Each(Verdict::unchanged));
  EXPECT_EQ(makes(), 3);
}

TEST_F(BuildTest, OnlyWhatChangedIsBuiltAgain) {
  static_cast<void>(build());
  jobs_[1].recipe.steps[0].env["FLAVOUR"] = "hot";
  EXPECT_THAT(build(), testing::ElementsAre(Verdict::unchanged, Verdict::proven, Verdict::unchanged));
  EXPECT_EQ(makes(), 4);
}

TEST_F(BuildTest, APackageThatWasTouchedOrRemovedIsBuiltAgain) {
  static_cast<void>(build());
  base::write_file(options_.out / "tester-1/package-1.0.0.fake", "touched");
  fs::remove(options_.out / "tester-2/package-1.0.0.fake");
  base::write_file(options_.out / "tester-3/manifest.json", "{");
  EXPECT_THAT(build(), testing::Each(Verdict::proven));
  EXPECT_EQ(makes(), 6);
}

TEST_F(BuildTest, WhatWasBuiltWithoutIsolationIsBuiltAgainWhereThereIsSome) {
  static_cast<void>(build());
  const auto file = options_.out / "tester-1/manifest.json";
  auto document = nlohmann::json::parse(base::read_file(file, 1U << 20U));
  EXPECT_EQ(document["isolated"], true);
  document["isolated"] = false;
  base::write_file(file, document.dump());
  EXPECT_THAT(build(), testing::ElementsAre(Verdict::proven, Verdict::unchanged, Verdict::unchanged));
}

TEST_F(BuildTest, WhatAnEarlierBuildTookDecidesWhoStartsFirst) {
  static_cast<void>(build());
  for (const auto* release : {"1", "2", "3"}) {
    const auto file = options_.out / (std::string("tester-") + release) / "manifest.json";
    auto document = nlohmann::json::parse(base::read_file(file, 1U << 20U));
    document["key"] = "old";
    document["seconds"] = release[0] == '2' ? 99.0 : 1.0;
    base::write_file(file, document.dump());
  }
  options_.jobs = 1;
  static_cast<void>(build());
  const auto all = context_.runner.commands();
  std::vector<std::string> order;
  for (const auto& command : all) {
    if (fakes::program_of(command) == "maker")
      order.push_back(fakes::job_folder(command).parent_path().filename().string().substr(0, 8));
  }
  ASSERT_THAT(order, SizeIs(6));
  EXPECT_EQ(order[3], "tester-2");
}

TEST_F(BuildTest, OneThatFailsDoesNotStopTheOthers) {
  jobs_[0].recipe.outputs[0].path = "nowhere";
  EXPECT_THAT(build(), testing::ElementsAre(Verdict::failed, Verdict::proven, Verdict::proven));
}

TEST_F(BuildTest, MissingProgramsAreAllNamedWithTheirPackagesBeforeAnythingRuns) {
  jobs_[0].recipe.tools.push_back({"no-such-a", "package-a", {}});
  jobs_[1].recipe.tools.push_back({"no-such-b", "package-b", {}});
  try {
    static_cast<void>(build());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::missing_tool);
    EXPECT_STREQ(error.what(), "missing: no-such-a (package package-a), no-such-b (package package-b)");
    EXPECT_THAT(error.hint(), HasSubstr("install package-a package-b"));
  }
  EXPECT_EQ(makes(), 0);
}

TEST_F(BuildTest, ASecondBuilderIsRefused) {
  base::make_dirs(options_.out);
  const build::Lock lock(options_.out / ".lock");
  EXPECT_THAT([&] { (void)build(); }, testing::ThrowsMessage<base::Error>(HasSubstr("another build is at work")));
}

TEST_F(BuildTest, AnInterruptIsPassedOnAndLeavesNothing) {
  context_.runner.set([&](const base::Command& command) {
    if (fakes::program_of(command) == "maker") context_.cancel.request(SIGINT);
    return fakes::play(command);
  });
  EXPECT_THROW((void)build(), base::Interrupted);
  EXPECT_FALSE(fs::exists(options_.out / ".work"));
  for (const auto* release : {"1", "2", "3"})
    EXPECT_FALSE(fs::exists(options_.out / (std::string("tester-") + release)));
}

TEST_F(BuildTest, WhatAKilledBuilderLeftIsCleanedAway) {
  base::make_dirs(options_.out / ".work/tester-1abc/build");
  static_cast<void>(build());
  EXPECT_FALSE(fs::exists(options_.out / ".work"));
}

TEST_F(BuildTest, WithoutASandboxItWarnsAndBuilds) {
  context_.runner.set([](const base::Command& command) {
    if (command.argv.front() == "bwrap")
      return base::Outcome{1, false, "bwrap: no permission to create a namespace", 0};
    return fakes::play(command);
  });
  EXPECT_THAT(build(), testing::Each(Verdict::proven));
  ASSERT_THAT(context_.console.warnings(), SizeIs(1));
  EXPECT_THAT(context_.console.warnings()[0], HasSubstr("not isolated: bwrap: no permission"));
}

TEST_F(BuildTest, NoJobIsNoTrouble) {
  jobs_.clear();
  EXPECT_TRUE(build().empty());
}

}  // namespace
