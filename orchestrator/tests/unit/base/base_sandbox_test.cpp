// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "fakes.hpp"

namespace {

using namespace base;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

bool has_words(const Command& command, const std::vector<std::string>& words) {
  return std::search(command.argv.begin(), command.argv.end(), words.begin(), words.end()) != command.argv.end();
}

Command some_command() {
  Command command;
  command.argv = {"tool", "--flag", "a b"};
  command.env = {{"PATH", "/usr/bin"}, {"TZ", "UTC"}, {"HOME", "/root"}};
  return command;
}

TEST(SandboxArguments, EndWithTheCommandAndItsEnvironment) {
  const Command wrapped = wrap(some_command(), {"/job", {}, 1000});
  EXPECT_EQ(wrapped.argv[0], "bwrap");
  const std::vector<std::string> end(wrapped.argv.end() - 4, wrapped.argv.end());
  EXPECT_THAT(end, testing::ElementsAre("--", "tool", "--flag", "a b"));
  for (const char* const flag :
       {"--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"}) {
    EXPECT_THAT(wrapped.argv, Contains(flag));
  }
  EXPECT_TRUE(has_words(wrapped, {"--uid", "1000", "--gid", "1000"}));
  EXPECT_TRUE(has_words(wrapped, {"--bind", "/job", "/build"}));
  EXPECT_TRUE(has_words(wrapped, {"--setenv", "TZ", "UTC"}));
  EXPECT_TRUE(has_words(wrapped, {"--setenv", "HOME", "/tmp/home"}));
  EXPECT_FALSE(has_words(wrapped, {"--setenv", "HOME", "/root"}));
  EXPECT_EQ(wrapped.env.size(), 1U) << "bwrap itself needs no more than PATH";
}

TEST(SandboxArguments, KeepLogOutputAndDeadline) {
  Command command = some_command();
  command.log = "/job/log";
  command.stdout_to = "/job/out";
  command.deadline = 5s;
  const Command wrapped = wrap(command, {"/job", {}, 0});
  EXPECT_EQ(wrapped.log, "/job/log");
  EXPECT_EQ(wrapped.stdout_to, "/job/out");
  EXPECT_EQ(wrapped.deadline, 5s);
  EXPECT_TRUE(wrapped.cwd.empty());
}

TEST(SandboxArguments, TranslateTheFolderAndRefuseOneOutside) {
  Command command = some_command();
  const auto start = [&](const char* cwd) {
    command.cwd = cwd;
    const Command wrapped = wrap(command, {"/var/job", {}, 0});
    return *(std::find(wrapped.argv.begin(), wrapped.argv.end(), "--chdir") + 1);
  };
  EXPECT_EQ(start(""), "/build");
  EXPECT_EQ(start("/build"), "/build");
  EXPECT_EQ(start("/build/src/x"), "/build/src/x");
  EXPECT_EQ(start("/var/job"), "/build");
  EXPECT_EQ(start("/var/job/src/"), "/build/src");
  for (const char* const outside : {"/", "/etc", "/build/../etc", "/var/jobs", "/buildx", "relative"}) {
    EXPECT_THAT([&] { start(outside); }, ThrowsMessage<Error>(HasSubstr("not below /build"))) << outside;
  }
}

TEST(SandboxArguments, RefusePlacesInsideThatAreNoAbsolutePaths) {
  for (const char* const inside : {"etc/x", "", "/", "/../etc", "/a//b", "/a/."}) {
    EXPECT_THROW((void)wrap(some_command(), {"/job", {{"/usr/share", inside}}, 0}), Error) << inside;
  }
  EXPECT_THROW((void)wrap(some_command(), {"", {}, 0}), Error);
  EXPECT_TRUE(
      has_words(wrap(some_command(), {"/job", {{"/srv/x", "/srv/x"}}, 0}), {"--ro-bind-try", "/srv/x", "/srv/x"}));
}

class FakeRunner final : public Runner {
 public:
  Outcome outcome;
  std::optional<Error> error;
  Outcome run(const Command&, const Cancel&) override {
    if (error) throw *error;
    return outcome;
  }
};

TEST(SandboxTrial, SaysWhyThereIsNone) {
  fakes::Context<FakeRunner> context;
  EXPECT_EQ(why_no_sandbox(context), "");
  context.runner.outcome = {
      .status = 1, .timed_out = false, .tail = "warning\nbwrap: No permissions to create new namespace", .seconds = 0};
  EXPECT_EQ(why_no_sandbox(context), "bwrap: No permissions to create new namespace");
  context.runner.outcome = {.status = 1, .timed_out = false, .tail = "", .seconds = 0};
  EXPECT_EQ(why_no_sandbox(context), "bubblewrap ended with status 1");
  context.runner.outcome = {.status = 137, .timed_out = true, .tail = "", .seconds = 0};
  EXPECT_EQ(why_no_sandbox(context), "bubblewrap does not answer");
  context.runner.error = Error("the program bwrap is not installed", Exit::missing_tool);
  EXPECT_THAT(why_no_sandbox(context), HasSubstr("not installed"));
  context.runner.error = Error("no more processes");
  EXPECT_EQ(why_no_sandbox(context), "no more processes");
}

class SandboxRun : public testing::Test {
 protected:
  TempDir temp_{temp_parent(), "sandbox-"};
  fakes::SystemContext context_;
  Sandbox sandbox_{temp_.path(), {}, 0};

  void SetUp() override {
    const std::string why = why_no_sandbox(context_);
    if (!why.empty()) GTEST_SKIP() << "no namespaces here: " << why;
  }
  [[nodiscard]] static Command shell(const std::string& script) {
    Command command;
    command.argv = {"sh", "-c", script};
    command.env = {{"PATH", "/usr/bin:/bin"}};
    return command;
  }
  Outcome run(const std::string& script) { return context_.runner.run(wrap(shell(script), sandbox_), context_.cancel); }
};

TEST_F(SandboxRun, SeesTheJobAtItsFixedPlaceAndItsHome) {
  EXPECT_EQ(run("pwd; echo $HOME; test -d $HOME && test -w $HOME && echo x > made && hostname").tail,
            "/build\n/tmp/home\nbuild");
  EXPECT_EQ(read_file(temp_.path() / "made", 9), "x\n");
}

TEST_F(SandboxRun, BelievesToBeWhoTheRecipeSays) {
  EXPECT_EQ(run("id -u; id -un").tail, "0\nroot");
  sandbox_.uid = 1000;
  EXPECT_EQ(run("id -u; id -g; id -un; : > /build/own && stat -c %u /build/own").tail, "1000\n1000\nbuilder\n1000");
}

TEST_F(SandboxRun, CanWriteNothingButTheJobAndScratch) {
  EXPECT_EQ(run("for f in / /usr /etc /srv; do mkdir -p $f/x 2>/dev/null && echo $f; done; touch /tmp/x /var/tmp/x "
                "/run/x && echo scratch")
                .tail,
            "scratch");
}

TEST_F(SandboxRun, HasNoNetworkButLoopback) {
  EXPECT_EQ(run("sed -n 's/^ *\\([^ ]*\\):.*/\\1/p' /proc/net/dev").tail, "lo");
}

TEST_F(SandboxRun, HasTheEnvironmentOfTheCommandAndItsHomeAlone) {
  EXPECT_EQ(run("env | grep -vE '^(PWD|OLDPWD|SHLVL|_)=' | sort").tail, "HOME=/tmp/home\nPATH=/usr/bin:/bin");
}

TEST_F(SandboxRun, HasAnEtcOfItsOwn) {
  const Outcome outcome = run("ls /etc; cat /etc/passwd | wc -l");
  EXPECT_THAT(lines(outcome.tail), testing::AllOf(Contains("passwd"), Contains("3"), Not(Contains("makepkg.conf")),
                                                  Not(Contains("shadow")), Not(Contains("machine-id"))));
}

TEST_F(SandboxRun, ShowsReadOnlyPlacesAndSkipsWhatTheHostLacks) {
  write_file(temp_.path() / "shown", "here\n");
  sandbox_.read_only = {{temp_.path() / "shown", "/etc/passwd"}, {"/no/such/place", "/srv/none"}};
  EXPECT_EQ(run("cat /etc/passwd; echo x 2>/dev/null > /etc/passwd || echo refused; ls -d /srv/none 2>/dev/null").tail,
            "here\nrefused");
}

TEST_F(SandboxRun, PassesTheStatusOn) { EXPECT_EQ(run("exit 7").status, 7); }

TEST_F(SandboxRun, LeavesNothingBehindWhenCancelled) {
  // Its own process number inside says nothing here: a lock that the kernel gives back at the end of the last process
  // does.
  std::thread user([&] {
    for (int i = 0; i < 1000 && !std::filesystem::exists(temp_.path() / "ready"); ++i)
      std::this_thread::sleep_for(10ms);
    context_.cancel.request(SIGTERM);
  });
  EXPECT_THROW(run("exec 8> lock; flock 8; (trap '' TERM; setsid sleep 300) & trap '' TERM; echo > ready; sleep 300"),
               Interrupted);
  user.join();
  Cancel fresh;
  Command lock = shell("flock -w 2 lock true");
  lock.cwd = temp_.path();
  EXPECT_EQ(context_.runner.run(lock, fresh).status, 0) << "a process of the sandbox lives on";
}

}  // namespace
