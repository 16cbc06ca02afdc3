// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace {

using namespace base;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr std::uint64_t kPlenty = 1U << 25;

class Process : public testing::Test {
 protected:
  TempDir temp_{temp_parent(), "process-"};
  const Path& dir_ = temp_.path();
  Cancel cancel_;
  SystemRunner runner_;

  [[nodiscard]] static Command shell(const std::string& script) {
    Command command;
    command.argv = {"sh", "-c", script};
    command.env = {{"PATH", "/usr/bin:/bin"}};
    return command;
  }
  Outcome run(const Command& command) { return runner_.run(command, cancel_); }
  Outcome run(const std::string& script) { return run(shell(script)); }
};

TEST_F(Process, HasExactlyTheEnvironmentThatItWasGiven) {
  Command command = shell("");
  command.argv = {"env"};
  command.env = {{"PATH", "/usr/bin:/bin"}, {"A", "b c"}};
  EXPECT_EQ(run(command).tail, "A=b c\nPATH=/usr/bin:/bin");
}

TEST_F(Process, GetsItsArgumentsWithoutAShell) {
  Command command = shell("");
  command.argv = {"printf", "%s|", "$HOME", "a b", "", "*"};
  EXPECT_EQ(run(command).tail, "$HOME|a b||*|");
}

TEST_F(Process, ReadsNothingAndCreatesFilesWithUmask022InAGroupOfItsOwn) {
  const mode_t before = ::umask(077);
  const Outcome outcome = run("cat; umask; test $(cut -d' ' -f5 /proc/$$/stat) = $$ && echo own");
  ::umask(before);
  EXPECT_EQ(outcome.tail, "0022\nown");
}

TEST_F(Process, InheritsNoFilesAndNoIgnoredOrBlockedSignals) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(leaked, 0);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const Outcome outcome = run("ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign)' /proc/self/status");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, pipe_before);
  ::close(leaked);
  EXPECT_EQ(outcome.tail,
            "0 1 2 3 SigBlk:    0000000000000000\nSigIgn:    0000000000000000");  // 3 is the folder that ls reads
}

TEST_F(Process, StartsInItsFolder) {
  Command command = shell("pwd");
  command.cwd = dir_;
  EXPECT_EQ(run(command).tail, dir_.string());
  command.cwd = dir_ / "missing";
  EXPECT_THAT([&] { run(command); }, ThrowsMessage<Error>(AllOf(HasSubstr("missing"), HasSubstr("No such file"))));
}

TEST_F(Process, EndsWithItsStatusOrThatOfItsSignal) {
  EXPECT_EQ(run("exit 0").status, 0);
  EXPECT_EQ(run("exit 7").status, 7);
  EXPECT_EQ(run("kill -9 $$").status, 128 + SIGKILL);
  EXPECT_FALSE(run("exit 7").timed_out);
  EXPECT_GE(run("sleep 0.2").seconds, 0.2);
}

TEST_F(Process, AppendsBothOutputsToTheLogAndKeepsTheTail) {
  write_file(dir_ / "log", "before\n");
  Command command = shell("echo out; echo err >&2");
  command.log = dir_ / "log";
  EXPECT_EQ(run(command).tail, "out\nerr");
  EXPECT_EQ(read_file(dir_ / "log", kPlenty), "before\nout\nerr\n");
}

TEST_F(Process, WritesStdoutAloneToAFileThatIsEmptiedFirst) {
  write_file(dir_ / "out", "what was there before\n");
  Command command = shell("echo out; echo err >&2");
  command.log = dir_ / "log";
  command.stdout_to = dir_ / "out";
  EXPECT_EQ(run(command).tail, "err");
  EXPECT_EQ(read_file(dir_ / "out", kPlenty), "out\n");
  EXPECT_EQ(read_file(dir_ / "log", kPlenty), "err\n");
}

TEST_F(Process, CapturesStdoutAloneUpToABound) {
  Command command = shell("printf 'a\\0b'; echo err >&2; exit 3");
  command.capture = 3;
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.out, std::string("a\0b", 3));
  EXPECT_EQ(outcome.tail, "err");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_FALSE(outcome.too_long);
  command.capture = 2;
  EXPECT_TRUE(run(command).too_long);
}

TEST_F(Process, EndsOneThatPrintsForEver) {
  Command command = shell("trap '' TERM; yes");
  command.capture = 1U << 20U;
  command.deadline = std::chrono::seconds(60);
  const Outcome outcome = run(command);
  EXPECT_TRUE(outcome.too_long);
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_LE(outcome.out.size(), command.capture);
  EXPECT_LT(outcome.seconds, 20);
}

TEST_F(Process, LogsTenMegabytesAndKeepsTwentyLines) {
  Command command = shell("yes 123456789 | head -n 1000000; echo last");
  command.log = dir_ / "log";
  const Outcome outcome = run(command);
  EXPECT_EQ(std::filesystem::file_size(dir_ / "log"), 10'000'005U);
  EXPECT_EQ(lines(outcome.tail).size(), 20U);
  EXPECT_THAT(outcome.tail, AllOf(StartsWith("123456789\n"), EndsWith("\nlast")));
}

TEST_F(Process, KeepsAtMostEightKilobytesOfPrintableTail) {
  const Outcome outcome = run(
      "for i in 1 2 3 4 5 6 7 8 9; do head -c 3000 /dev/zero | tr '\\0' x; echo; done; printf 'a\\033[31m\\tb\\r\\n'");
  EXPECT_LE(outcome.tail.size(), 8192U);
  EXPECT_THAT(outcome.tail, EndsWith("x\na\\x1b[31m    b"));
  const Outcome one_line = run("head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_LE(one_line.tail.size(), 8192U);
  EXPECT_THAT(one_line.tail, StartsWith("xxx"));
}

TEST_F(Process, WhoseProgramIsMissingIsAnErrorOfItsOwnKind) {
  Command command = shell("");
  for (const char* const name : {"no-such-program-here", "/no/such/program"}) {
    command.argv = {name};
    try {
      run(command);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.exit(), Exit::missing_tool);
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
  command.argv = {"sh"};
  command.env.clear();  // the caller's own PATH does not count
  EXPECT_THROW(run(command), Error);
  command.argv = {};
  EXPECT_THROW(run(command), Error);
}

TEST_F(Process, WhoseProgramCannotBeExecutedIsAnError) {
  write_file(dir_ / "text", "no program", 0755);
  Command command = shell("");
  command.argv = {(dir_ / "text").string()};
  EXPECT_THAT([&] { run(command); }, ThrowsMessage<Error>(HasSubstr("Exec format error")));
  command.argv = {dir_.string()};
  EXPECT_THAT([&] { run(command); }, ThrowsMessage<Error>(HasSubstr("Permission denied")));
}

TEST_F(Process, ReadsBytesFromTheDescriptorsThatItWasGiven) {
  Command command = shell("cat <&3; cat <&9");
  command.data = {{3, "three\n"}, {9, std::string(200'000, 'x') + "\nnine\n"}};
  command.log = dir_ / "log";
  EXPECT_THAT(run(command).tail, EndsWith("nine"));
  EXPECT_EQ(std::filesystem::file_size(dir_ / "log"), 200'012U);
  command.data = {{2, ""}};
  EXPECT_THROW(run(command), Error);
  command.data = {{32, ""}};
  EXPECT_THROW(run(command), Error);
}

TEST_F(Process, ThatClosesItsOutputIsStillWaitedFor) { EXPECT_EQ(run("exec >&- 2>&-; sleep 0.3; exit 3").status, 3); }

TEST_F(Process, WhoseLogCannotBeWrittenIsEndedWithAnError) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full here";
  Command command = shell("echo $$ > pid; echo x; exec sleep 300");
  command.cwd = dir_;
  command.log = "/dev/full";
  EXPECT_THAT([&] { run(command); }, ThrowsMessage<Error>(HasSubstr("No space left")));
  EXPECT_NE(::kill(std::stoi(read_file(dir_ / "pid", 99)), 0), 0);
  command.log = dir_ / "missing" / "log";
  EXPECT_THAT([&] { run(command); }, ThrowsMessage<Error>(HasSubstr("missing/log")));
}

TEST_F(Process, ProgramsAreFoundInTheListAlone) {
  EXPECT_EQ(find_program("sh", "/nowhere::/bin:/usr/bin"), std::filesystem::path("/bin/sh"));
  EXPECT_EQ(find_program("sh", ""), std::nullopt);
  EXPECT_EQ(find_program("/bin/sh", "/bin"), std::nullopt);
  EXPECT_EQ(find_program("", "/bin"), std::nullopt);
  write_file(dir_ / "text", "", 0644);
  make_dirs(dir_ / "folder");
  EXPECT_EQ(find_program("text", dir_.string()), std::nullopt);
  EXPECT_EQ(find_program("folder", dir_.string()), std::nullopt);
}

}  // namespace
