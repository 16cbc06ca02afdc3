// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/digest.hpp"
#include "build/executor.hpp"
#include "fake_format.hpp"

namespace {

namespace fs = std::filesystem;
using build::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() {
    for (const auto* name : {"dist", "dist/.work", "dist/.logs"}) base::make_dirs(temp_.path() / name);
  }

  build::Result run(const build::Job& job, bool sandboxed = false, bool keep = false) {
    build::Executor executor(context_, tools_, {out_, out_ / ".work", out_ / ".logs", keep}, sandboxed);
    return executor.run(job, [&](const std::string& title) { titles_.push_back(title); });
  }

  /// dist/ as it was: nothing new of this job, nothing left over.
  void expect_untouched() {
    EXPECT_FALSE(fs::exists(out_ / "tester-1"));
    expect_no_remains();
  }
  void expect_no_remains() { EXPECT_TRUE(fs::is_empty(out_ / ".work")) << "something was left in the working folder"; }

  base::TempDir temp_{base::temp_parent(), "executor-"};
  fs::path out_ = temp_.path() / "dist";
  fakes::Context<> context_{fakes::play};
  build::ToolRegistry tools_{{}, out_ / ".tools.json", context_};
  fakes::Bench bench_;
  std::vector<std::string> titles_;
};

TEST_F(ExecutorTest, AProvenPackageLiesInDistBesideItsManifest) {
  const auto result = run(bench_.job());
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.verdict, Verdict::proven);
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].sha256, base::sha256("GPL\n"));
  EXPECT_EQ(base::read_file(out_ / "tester-1/package-1.0.0.fake", 99), "GPL\n");
  const auto manifest = build::read_manifest(out_ / "tester-1");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->key, "key of 1");
  EXPECT_TRUE(build::is_whole(*manifest, out_ / "tester-1"));
  expect_no_remains();
}

TEST_F(ExecutorTest, StepsRunInTheirOrderAndProgressIsToldEach) {
  static_cast<void>(run(bench_.job()));
  EXPECT_THAT(titles_, ElementsAre("maker", "reader", "proof"));
}

TEST_F(ExecutorTest, StagedFilesHaveTheirModesAndTheEpochsTimeBeforeTheFirstStep) {
  context_.runner.set([](const base::Command& command) {
    if (fakes::program_of(command) == "maker") {
      struct stat s {};
      EXPECT_EQ(stat((fakes::job_folder(command) / "in/file").c_str(), &s), 0);
      EXPECT_EQ(s.st_mode & 07777U, 0755U);
      EXPECT_EQ(s.st_mtime, 1795478400);
    }
    return fakes::play(command);
  });
  EXPECT_EQ(run(bench_.job()).verdict, Verdict::proven);
}

TEST_F(ExecutorTest, AStepsEnvironmentIsTheJobsAndNothingOfOurs) {
  ASSERT_EQ(setenv("HOSTILE", "1", 1), 0);
  static_cast<void>(run(bench_.job()));
  unsetenv("HOSTILE");
  const auto command = context_.runner.commands().at(0);
  EXPECT_EQ(command.env.at("FLAVOUR"), "plain");
  EXPECT_EQ(command.env.at("SOURCE_DATE_EPOCH"), "1795478400");
  EXPECT_EQ(command.env.at("TZ"), "UTC");
  EXPECT_EQ(command.env.at("LC_ALL"), "C.UTF-8");
  EXPECT_FALSE(command.env.contains("HOSTILE"));
  EXPECT_GT(command.deadline.count(), 0) << "no tool may hang for ever";
}

TEST_F(ExecutorTest, InASandboxTheStepSeesItsFolderAsBuild) {
  const auto result = run(bench_.job(), true);
  EXPECT_EQ(result.verdict, Verdict::proven) << result.failure;
  for (const auto& command : context_.runner.commands()) EXPECT_EQ(command.argv.front(), "bwrap");
}

TEST_F(ExecutorTest, AFailedStepNamesItsCommandItsLastLinesAndTheLog) {
  context_.runner.set([](const base::Command&) { return base::Outcome{7, false, "no space on the moon", 0}; });
  const auto result = run(bench_.job());
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_THAT(result.failure, HasSubstr("maker ended with 7"));
  EXPECT_THAT(result.failure, HasSubstr("command: maker /build/out/package"));
  EXPECT_THAT(result.failure, HasSubstr("no space on the moon"));
  EXPECT_THAT(result.failure, HasSubstr((out_ / ".logs/tester-1.log").string()));
  EXPECT_THAT(titles_, ElementsAre("maker")) << "nothing runs after it";
  expect_untouched();
}

TEST_F(ExecutorTest, AStepThatTakesTooLongFails) {
  context_.runner.set([](const base::Command&) { return base::Outcome{137, true, "", 900}; });
  EXPECT_THAT(run(bench_.job()).failure, HasSubstr("maker took longer than 900 s"));
  expect_untouched();
}

TEST_F(ExecutorTest, AnOutputThatIsMissingFails) {
  context_.runner.set([](const base::Command&) { return base::Outcome{}; });
  EXPECT_THAT(run(bench_.job()).failure, HasSubstr("package was not made"));
  expect_untouched();
}

TEST_F(ExecutorTest, AnOutputThatIsALinkFails) {
  context_.runner.set([](const base::Command& command) {
    if (fakes::program_of(command) != "maker") return fakes::play(command);
    base::make_dirs(fakes::job_folder(command) / "out");
    fs::create_symlink("/etc/passwd", fakes::job_folder(command) / "out/package");
    return base::Outcome{};
  });
  EXPECT_THAT(run(bench_.job()).failure, HasSubstr("package was not made"));
  expect_untouched();
}

TEST_F(ExecutorTest, ADifferenceInTheProofPutsNothingIntoDist) {
  context_.runner.set([](const base::Command& command) {
    auto outcome = fakes::play(command);
    if (fakes::program_of(command) == "reader") base::write_file(command.stdout_to, "another licence");
    return outcome;
  });
  const auto result = run(bench_.job());
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_THAT(result.failure, HasSubstr("the proof found 1 difference:\n  the package: /licence: its content differs"));
  EXPECT_EQ(result.findings.size(), 1U);
  EXPECT_TRUE(result.outputs.empty());
  expect_untouched();
}

TEST_F(ExecutorTest, AReaderThatChangesThePackageIsFoundOut) {
  context_.runner.set([](const base::Command& command) {
    auto outcome = fakes::play(command);
    if (fakes::program_of(command) == "reader") base::write_file(fakes::job_folder(command) / "out/package", "changed");
    return outcome;
  });
  EXPECT_THAT(run(bench_.job()).failure, HasSubstr("changed while it was read"));
  expect_untouched();
}

TEST_F(ExecutorTest, AfterAFailureTheOldPackagesStayAsTheyWere) {
  ASSERT_EQ(run(bench_.job()).verdict, Verdict::proven);
  const auto before = base::read_file(out_ / "tester-1/manifest.json", 1U << 20U);
  context_.runner.set([](const base::Command&) { return base::Outcome{1, false, "", 0}; });
  auto job = bench_.job();
  job.key = "another";
  ASSERT_EQ(run(job).verdict, Verdict::failed);
  EXPECT_EQ(base::read_file(out_ / "tester-1/manifest.json", 1U << 20U), before);
  EXPECT_EQ(base::read_file(out_ / "tester-1/package-1.0.0.fake", 99), "GPL\n");
  expect_no_remains();
}

TEST_F(ExecutorTest, ANewPackageReplacesTheOldFolderWhole) {
  ASSERT_EQ(run(bench_.job()).verdict, Verdict::proven);
  base::write_file(out_ / "tester-1/stray", "x");
  ASSERT_EQ(run(bench_.job()).verdict, Verdict::proven);
  EXPECT_FALSE(fs::exists(out_ / "tester-1/stray"));
}

TEST_F(ExecutorTest, AnInterruptCancelsAndLeavesNothing) {
  context_.runner.set([&](const base::Command& command) {
    context_.cancel.request(SIGINT);
    return fakes::play(command);
  });
  const auto result = run(bench_.job());
  EXPECT_EQ(result.verdict, Verdict::cancelled);
  EXPECT_THAT(titles_, ElementsAre("maker"));
  expect_untouched();
}

TEST_F(ExecutorTest, AfterAnInterruptNoStepStarts) {
  context_.cancel.request(SIGTERM);
  EXPECT_EQ(run(bench_.job()).verdict, Verdict::cancelled);
  EXPECT_TRUE(context_.runner.commands().empty());
}

TEST_F(ExecutorTest, KeepLeavesTheJobsFolderAndSaysWhere) {
  const auto result = run(bench_.job(), false, true);
  EXPECT_TRUE(fs::exists(result.kept / "build/in/file")) << result.kept;
}

TEST_F(ExecutorTest, PathsThatEscapeTheJobsFolderAreRefused) {
  for (const auto* path : {"../x", "/etc/x", "a/../../x", ""}) {
    auto job = bench_.job();
    job.recipe.staged[path] = {0644, "x"};
    EXPECT_THAT(run(job).failure, HasSubstr("cannot be staged")) << path;
  }
  auto job = bench_.job();
  job.recipe.reading[0].stdout_to = "../x";
  EXPECT_THAT(run(job).failure, HasSubstr("escapes"));
  expect_untouched();
}

TEST_F(ExecutorTest, AMissingProgramIsAFailureWithItsHint) {
  context_.runner.set([](const base::Command&) -> base::Outcome {
    throw base::Error("maker: not found", base::Exit::missing_tool).with_hint("install it");
  });
  EXPECT_THAT(run(bench_.job()).failure, HasSubstr("maker: not found\nhint: install it"));
}

TEST_F(ExecutorTest, WhateverIsThrownEndsTheJobAndNotTheProgram) {
  context_.runner.set([](const base::Command&) -> base::Outcome { throw std::length_error("too long"); });
  const auto result = run(bench_.job());
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_EQ(result.failure, "too long");
}

TEST_F(ExecutorTest, ADistThatCannotBeWrittenIsAFailure) {
  base::remove_tree(out_ / ".work");
  EXPECT_EQ(run(bench_.job()).verdict, Verdict::failed);
}

TEST_F(ExecutorTest, AFolderIsAnOutputToo) {
  context_.runner.set([](const base::Command& command) {
    const auto job = fakes::job_folder(command);
    if (fakes::program_of(command) == "maker") {
      base::make_dirs(job / "out/package");
      base::write_file(job / "out/package/file", "x");
      return base::Outcome{};
    }
    base::write_file(command.stdout_to, "GPL\n");
    return base::Outcome{};
  });
  const auto result = run(bench_.job());
  EXPECT_EQ(result.verdict, Verdict::proven) << result.failure;
  EXPECT_EQ(base::read_file(out_ / "tester-1/package-1.0.0.fake/file", 9), "x");
}

}  // namespace
