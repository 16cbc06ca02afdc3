// SPDX-License-Identifier: GPL-3.0-or-later
// How child processes are brought to an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"

namespace {

using namespace base;
using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class ProcessEnd : public testing::Test {
 protected:
  TempDir temp_{temp_parent(), "process-"};
  const Path& dir_ = temp_.path();
  Cancel cancel_;
  SystemRunner runner_;

  [[nodiscard]] Command shell(const std::string& script) const {
    Command command;
    command.argv = {"sh", "-c", script};
    command.env = {{"PATH", "/usr/bin:/bin"}};
    command.cwd = dir_;
    return command;
  }

  void wait_for(const std::string& name) const {
    for (int i = 0; i < 1000 && !std::filesystem::exists(dir_ / name); ++i) std::this_thread::sleep_for(10ms);
    ASSERT_TRUE(std::filesystem::exists(dir_ / name)) << "the child did not start";
  }

  /// Whether it is gone, or soon is: an orphan's end is seen a moment after its killing.
  [[nodiscard]] bool gone(const std::string& pid_file) const {
    const int pid = std::stoi(read_file(dir_ / pid_file, 99));
    for (int i = 0; i < 200; ++i) {
      if (::kill(pid, 0) != 0) return true;
      std::string state;
      try {
        state = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
      } catch (const Error&) {
        return true;
      }
      if (state.find(") Z ") != std::string::npos) return true;  // killed; whoever adopted it has not looked yet
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
};

constexpr const char* kStubborn =
    "trap '' TERM; echo $$ > leader; (trap '' TERM; echo > ready; while :; do sleep 1; done) & echo $! > child; while "
    ":; do sleep 1; done";

TEST_F(ProcessEnd, ADeadlineEndsAChildThatIgnoresTermAndItsChildren) {
  Command command = shell(kStubborn);
  command.deadline = 1s;
  const auto start = Clock::now();
  const Outcome outcome = runner_.run(command, cancel_);
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.status, 128 + SIGKILL);
  EXPECT_GE(seconds_since(start), 2.0);
  EXPECT_LT(seconds_since(start), 4.0);
  EXPECT_TRUE(gone("leader"));
  EXPECT_TRUE(gone("child"));
}

TEST_F(ProcessEnd, ADeadlineLetsAChildThatHearsTermCleanUp) {
  Command command = shell("trap 'echo cleaned; exit 4' TERM; while :; do sleep 0.1; done");
  command.deadline = 1s;
  const Outcome outcome = runner_.run(command, cancel_);
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.tail, testing::EndsWith("cleaned"));  // some shells also say what ended the sleep
  EXPECT_LT(outcome.seconds, 1.9);
}

TEST_F(ProcessEnd, AChildThatIsFastEnoughMeetsItsDeadline) {
  Command command = shell("sleep 0.1");
  command.deadline = 30s;
  EXPECT_FALSE(runner_.run(command, cancel_).timed_out);
}

TEST_F(ProcessEnd, AStoppedChildIsEndedToo) {
  Command command = shell("echo $$ > leader; kill -STOP $$; sleep 300");
  command.deadline = 1s;
  EXPECT_EQ(runner_.run(command, cancel_).status, 128 + SIGTERM);
}

TEST_F(ProcessEnd, AGrandchildThatKeepsThePipeIsNotWaitedForAndDoesNotLiveOn) {
  const auto start = Clock::now();
  const Outcome outcome = runner_.run(shell("sleep 300 & echo $! > child; echo done"), cancel_);
  EXPECT_LT(seconds_since(start), 5.0);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.tail, "done");
  EXPECT_TRUE(gone("child"));
}

TEST_F(ProcessEnd, AGrandchildThatWritesForEverDoesNotHoldUs) {
  const auto start = Clock::now();
  EXPECT_EQ(runner_.run(shell("yes & echo $! > child; sleep 0.2"), cancel_).status, 0);
  EXPECT_LT(seconds_since(start), 5.0);
  EXPECT_TRUE(gone("child"));
}

TEST_F(ProcessEnd, CancelEndsAllWithinTwoSeconds) {
  std::thread user([&] {
    wait_for("ready");
    cancel_.request(SIGINT);
  });
  Clock::time_point start;
  int signal = 0;
  try {
    (void)runner_.run(shell(kStubborn), cancel_);
  } catch (const Interrupted& interrupted) {
    signal = interrupted.signal();
    start = Clock::now();
  }
  user.join();
  EXPECT_EQ(signal, SIGINT);
  const auto asked = std::filesystem::last_write_time(dir_ / "ready");
  EXPECT_LT(std::chrono::duration<double>(decltype(asked)::clock::now() - asked).count(), 2.0);
  EXPECT_TRUE(gone("leader"));
  EXPECT_TRUE(gone("child"));
}

TEST_F(ProcessEnd, CancelEndsTheChildrenOfAllThreads) {
  std::atomic<int> interrupted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      SystemRunner own;
      try {
        (void)own.run(shell("echo $$ > pid" + std::to_string(i) + ".part; mv pid" + std::to_string(i) + ".part pid" +
                            std::to_string(i) + "; exec sleep 300"),
                      cancel_);
      } catch (const Interrupted&) {
        ++interrupted;
      }
    });
  }
  for (int i = 0; i < 4; ++i) wait_for("pid" + std::to_string(i));
  cancel_.request(SIGTERM);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(interrupted, 4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(gone("pid" + std::to_string(i))) << i;
}

TEST_F(ProcessEnd, NothingStartsOnceCancelIsAsked) {
  cancel_.request(SIGHUP);
  EXPECT_THROW((void)runner_.run(shell("echo > started"), cancel_), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "started"));
}

TEST_F(ProcessEnd, ManyThreadsRunManyChildrenWithoutMixingThem) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      SystemRunner own;
      for (int j = 0; j < 10; ++j) {
        const Outcome outcome = own.run(shell("echo " + std::to_string(i) + "; exit " + std::to_string(j)), cancel_);
        if (outcome.status == j && outcome.tail == std::to_string(i)) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(CancelFlag, RemembersTheFirstSignal) {
  Cancel cancel;
  EXPECT_EQ(cancel.signal(), 0);
  EXPECT_NO_THROW(cancel.throw_if_requested());
  cancel.request(SIGTERM);
  cancel.request(SIGINT);
  EXPECT_EQ(cancel.signal(), SIGTERM);
  EXPECT_THROW(cancel.throw_if_requested(), Interrupted);
}

TEST(SignalHandlers, AskTheFlagAndAreTakenOffAgain) {
  const auto before = ::signal(SIGHUP, SIG_IGN);
  Cancel cancel;
  {
    const SignalScope scope(cancel);
    ::raise(SIGHUP);
    EXPECT_EQ(cancel.signal(), 0) << "what nohup ignores stays ignored";
    ::raise(SIGTERM);
    EXPECT_EQ(cancel.signal(), SIGTERM);
  }
  struct sigaction now {};
  ::sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  ::signal(SIGHUP, before);
}

}  // namespace
