// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "remote/unlock.hpp"

namespace remote {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWrongKey =
    "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\nHost key verification failed.";
constexpr const char* kUnknownKey =
    "No ED25519 host key is known for db-initramfs and you have requested strict checking.\nHost key verification "
    "failed.";
constexpr const char* kDenied = "root@db: Permission denied (publickey).";
constexpr const char* kDown = "ssh: connect to host db port 22: Connection refused";

base::Outcome said(int status, const std::string& tail = "") {
  base::Outcome out;
  out.status = status;
  out.tail = tail;
  return out;
}

/// Answers in order, and remembers what it was asked. The passphrase is only looked at, not kept.
class Script final : public base::Runner {
 public:
  explicit Script(std::deque<base::Outcome> answers) : answers_(std::move(answers)) {}
  base::Outcome run(const base::Command& command, const base::Cancel& /*cancel*/) override {
    std::string kind = command.argv.back();
    const bool early = std::ranges::find(command.argv, "HostKeyAlias=db-initramfs") != command.argv.end();
    calls.push_back(
        (early ? "initramfs: " : "real: ") + kind +
        (command.data.contains(0) ? " <- " + command.data.at(0).substr(0, command.data.at(0).size() - 1) : ""));
    commands.push_back(command);
    if (answers_.empty()) return said(255, kDown);
    auto out = answers_.front();
    answers_.pop_front();
    return out;
  }
  std::vector<std::string> calls;
  std::vector<base::Command> commands;

 private:
  std::deque<base::Outcome> answers_;
};

class FakeClock final : public Clock {
 public:
  [[nodiscard]] double now() const override { return time; }
  void sleep(std::chrono::milliseconds pause, const base::Cancel& /*cancel*/) override {
    time += std::chrono::duration<double>(pause).count();
    pauses.push_back(static_cast<int>(pause.count() / 1000));
  }
  double time = 1000;
  std::vector<int> pauses;
};

struct Played {
  Unlocked result;
  std::vector<std::string> calls;
  std::vector<int> pauses;
  std::vector<std::string> told;
};

Played play(std::deque<base::Outcome> answers, bool for_system = true) {
  Target target;
  target.host = "db";
  target.alias = "db-initramfs";
  Wait wait;
  wait.deadline = std::chrono::seconds(60);
  wait.for_system = for_system;
  Script script(std::move(answers));
  FakeClock clock;
  base::Cancel cancel;
  const Secret secret(std::string("open sesame"));
  Played out;
  out.result = unlock(target, secret, wait, {}, script, cancel, clock,
                      [&](const std::string& text) { out.told.push_back(text); });
  out.calls = script.calls;
  out.pauses = clock.pauses;
  return out;
}

const std::string kAsk = "[ -e /etc/initrd-release ] || exit 97";

TEST(Unlock, WaitsUntilTheMachineIsThereUnlocksItAndSeesItsSystem) {
  const auto played = play({said(255, kDown), said(255, kDown), said(0), said(0), said(255, kDown), said(97)});
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls,
              ElementsAre("initramfs: " + kAsk, "initramfs: " + kAsk, "initramfs: " + kAsk,
                          "initramfs: unlock --wait 60 <- open sesame", "real: " + kAsk, "real: " + kAsk));
  EXPECT_THAT(played.pauses, ElementsAre(1, 2, 1));
  EXPECT_THAT(played.told, Contains("no answer yet: ssh: connect to host db port 22: Connection refused").Times(1));
}

TEST(Unlock, NoPassphraseGoesToAHostWithAnotherKey) {
  for (const auto* text : {kWrongKey, kUnknownKey}) {
    const auto played = play({said(255, text), said(255, kWrongKey)});
    EXPECT_EQ(played.result.outcome, text == kWrongKey ? Outcome::wrong_key : Outcome::unknown_key);
    for (const auto& call : played.calls) EXPECT_THAT(call, Not(HasSubstr("sesame")));
  }
}

TEST(Unlock, NorToOneWhoseKeyBecomesAnotherInBetween) {
  const auto played = play({said(0), said(255, kWrongKey)});
  EXPECT_EQ(played.result.outcome, Outcome::wrong_key);
}

TEST(Unlock, ARealSystemThatAnswersIsLeftAlone) {
  EXPECT_EQ(play({said(255, kWrongKey), said(97)}).result.outcome, Outcome::already_up);
  EXPECT_EQ(play({said(255, kWrongKey), said(255, kDenied)}).result.outcome, Outcome::already_up);
  EXPECT_EQ(play({said(97)}).result.outcome, Outcome::already_up);  // both share a host key
}

TEST(Unlock, ARefusedPassphraseIsSaid) {
  const auto played = play({said(0), said(1, "unlock: refused: cryptroot")});
  EXPECT_EQ(played.result.outcome, Outcome::refused);
  EXPECT_EQ(played.result.detail, "unlock: refused: cryptroot");
}

TEST(Unlock, AConnectionThatIsCutWhileTheBootGoesOnIsNoFailure) {
  EXPECT_EQ(play({said(0), said(255, "Connection to db closed by remote host."), said(97)}).result.outcome,
            Outcome::unlocked);
}

TEST(Unlock, GivesUpAtTheDeadline) {
  const auto played = play({});
  EXPECT_EQ(played.result.outcome, Outcome::no_answer);
  EXPECT_THAT(played.pauses, ElementsAre(1, 2, 4, 8, 15, 15, 15));
  EXPECT_EQ(play({said(0), said(0)}).result.outcome, Outcome::not_seen_again);
}

TEST(Unlock, OtherEndsAreNamed) {
  EXPECT_EQ(play({said(255, kDenied)}).result.outcome, Outcome::no_login);
  EXPECT_EQ(play({said(0), said(2, "unlock: nothing is being asked for.")}).result.outcome, Outcome::not_asked);
  EXPECT_EQ(play({said(255, "command-line: line 0: Bad configuration option: x")}).result.outcome,
            Outcome::local_fault);
  EXPECT_EQ(play({said(0), said(0)}, false).result.outcome, Outcome::unlocked);
}

TEST(Ssh, AsksNothingForwardsNothingAndHoldsNoSecretInItsArguments) {
  Target target;
  target.host = "db";
  target.alias = alias_of("db");
  target.port = "2222";
  target.known_hosts = "/keys";
  const Secret secret(std::string("open sesame"));
  const auto command = ssh_command(target, System::initramfs, "unlock", &secret,
                                   {{"HOME", "/root"}, {"SECRET", "x"}, {"LC_ALL", "de_DE"}});
  for (const auto* option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=db-initramfs", "UserKnownHostsFile=/keys",
        "ForwardAgent=no", "ClearAllForwardings=yes", "ControlPath=none"})
    EXPECT_THAT(command.argv, Contains(option));
  for (const auto& word : command.argv) EXPECT_THAT(word, Not(HasSubstr("sesame")));
  EXPECT_THAT(command.env, ElementsAre(testing::Pair("HOME", "/root"), testing::Pair("LC_ALL", "C")));
  EXPECT_EQ(command.data.at(0), "open sesame\n");
  const auto real = ssh_command(target, System::real, "true", nullptr, {});
  EXPECT_THAT(real.argv, Not(Contains("HostKeyAlias=db-initramfs")));
  EXPECT_THAT(real.argv, Not(Contains("2222")));
  EXPECT_EQ(alias_of("db-initramfs"), "db-initramfs");
  EXPECT_EQ(real_name_of("db-initramfs"), "db");
}

TEST(Secret, IsTheFirstLineOfADescriptorOrOfACommand) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "first\nsecond\n", 13), 13);
  close(ends[1]);
  EXPECT_EQ(from_descriptor(ends[0]).bytes(), "first");
  close(ends[0]);
  EXPECT_EQ(from_command("printf 'one\\ntwo\\n'").bytes(), "one");
  EXPECT_EQ(from_command("printf 'no end of line'").bytes(), "no end of line");
  EXPECT_EQ(from_command("echo one; yes").bytes(), "one");
}

TEST(Secret, ThatIsNoneIsRefused) {
  EXPECT_THROW((void)from_command("true"), base::Error);
  EXPECT_THROW((void)from_command("echo x; exit 3"), base::Error);
  EXPECT_THROW((void)from_command("head -c 4000 /dev/zero | tr '\\0' x"), base::Error);
  EXPECT_THROW((void)from_command("printf 'a\\0b\\n'"), base::Error);
}

}  // namespace
}  // namespace remote
