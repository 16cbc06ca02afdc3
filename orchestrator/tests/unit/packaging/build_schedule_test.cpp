// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "build/schedule.hpp"
#include "fake_format.hpp"

namespace {

using build::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

class ScheduleTest : public testing::Test {
 protected:
  ScheduleTest() {
    for (const auto* name : {"work", "logs", "out"}) base::make_dirs(temp_.path() / name);
  }

  void add(const std::string& release, double cost) {
    jobs_.push_back(bench_.job(release));
    rows_.push_back({&jobs_.back(), {}});
    tasks_.push_back({&jobs_.back(), rows_.size() - 1, cost});
  }

  void run(unsigned workers) {
    build::ToolRegistry tools({}, temp_.path() / "cache", context_);
    build::Executor executor(context_, tools, {temp_.path() / "out", temp_.path() / "work", temp_.path() / "logs"},
                             false);
    build::schedule(tasks_, workers, executor, rows_, context_.console);
  }

  /// The releases in the order in which their first step ran.
  [[nodiscard]] std::vector<std::string> started() const {
    std::vector<std::string> releases;
    for (const auto& command : context_.runner.commands()) {
      if (fakes::program_of(command) == "maker") releases.push_back(release_of(command));
    }
    return releases;
  }

  /// "tester-3" stands in the job's folder, as "work/tester-3XXXXXX/build".
  static std::string release_of(const base::Command& command) {
    const auto folder = fakes::job_folder(command).parent_path().filename().string();
    return folder.substr(std::string("tester-").size(), 1);
  }

  base::TempDir temp_{base::temp_parent(), "schedule-"};
  fakes::Context<> context_{fakes::play};
  fakes::Bench bench_;
  std::deque<build::Job> jobs_;
  std::vector<build::Row> rows_;
  std::vector<build::Task> tasks_;
};

TEST_F(ScheduleTest, TheLongestTasksStartFirstAndEqualOnesInTheirOrder) {
  add("1", 1);
  add("2", 9);
  add("3", 5);
  add("4", 5);
  run(1);
  EXPECT_THAT(started(), ElementsAre("2", "3", "4", "1"));
}

TEST_F(ScheduleTest, AllOthersFinishThoughOneFails) {
  for (const auto* release : {"1", "2", "3", "4", "5"}) add(release, 1);
  context_.runner.set([](const base::Command& command) {
    if (release_of(command) == "2") return base::Outcome{1, false, "broken", 0};
    return fakes::play(command);
  });
  run(2);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    EXPECT_EQ(rows_[i].result.verdict, i == 1 ? Verdict::failed : Verdict::proven) << i << rows_[i].result.failure;
  }
}

TEST_F(ScheduleTest, SeveralWorkersWorkAtOnceAndNeverMoreThanAsked) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  context_.runner.set([&](const base::Command& command) {
    const int count = ++now;
    for (int seen = most; count > seen && !most.compare_exchange_weak(seen, count);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    auto outcome = fakes::play(command);
    --now;
    return outcome;
  });
  for (const auto* release : {"1", "2", "3", "4", "5", "6"}) add(release, 1);
  run(3);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 3);
}

TEST_F(ScheduleTest, AfterAnInterruptNoFurtherTaskStartsAndThoseLeftAreCancelled) {
  for (const auto* release : {"1", "2", "3"}) add(release, 1);
  context_.runner.set([&](const base::Command& command) {
    context_.cancel.request(SIGINT);
    return fakes::play(command);
  });
  run(1);
  EXPECT_EQ(started().size(), 1U);
  for (const auto& row : rows_) EXPECT_EQ(row.result.verdict, Verdict::cancelled);
  EXPECT_TRUE(context_.console.lines().empty()) << "a cancelled job is not reported as failed";
}

TEST_F(ScheduleTest, EachFinishedTaskIsALineAndAFailureSaysWhy) {
  add("1", 2);
  add("2", 1);
  context_.runner.set([](const base::Command& command) {
    if (release_of(command) == "2") return base::Outcome{1, false, "broken", 0};
    return fakes::play(command);
  });
  run(1);
  const auto lines = context_.console.lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], HasSubstr("[1/2] tester-1 built and proven"));
  EXPECT_THAT(lines[1], HasSubstr("[2/2] tester-2 FAILED"));
  EXPECT_THAT(lines[2], HasSubstr("maker ended with 1"));
}

TEST_F(ScheduleTest, TheStatusSaysWhichJobsRunAtWhichStepAndIsClearedAtTheEnd) {
  add("1", 1);
  run(1);
  const auto statuses = context_.console.statuses();
  ASSERT_GE(statuses.size(), 3U);
  EXPECT_THAT(statuses.front(), HasSubstr("[0/1]"));
  EXPECT_THAT(statuses.front(), HasSubstr("tester-1: maker"));
  EXPECT_EQ(statuses.back(), "");
}

TEST_F(ScheduleTest, NoTaskAndNoWorkerAreNoTrouble) {
  run(0);
  add("1", 1);
  run(0);
  EXPECT_EQ(rows_[0].result.verdict, Verdict::proven);
}

}  // namespace
