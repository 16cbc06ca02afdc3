// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "fakes.hpp"
#include "openssh/host_alias.hpp"
#include "remote/host_proof.hpp"
#include "remote/known_hosts.hpp"
#include "remote/questions.hpp"
#include "remote/system_state.hpp"
#include "remote/unlock.hpp"

namespace remote {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// What a peer may make ssh print before it has shown any key, as well as ssh itself.
constexpr const char* kWrongKey =
    "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\nHost key verification failed.";
constexpr const char* kUnknownKey =
    "No ED25519 host key is known for db-initramfs and you have requested strict checking.\nHost key verification "
    "failed.";
constexpr const char* kDenied = "root@db: Permission denied (publickey).";
constexpr const char* kDown = "ssh: connect to host db port 22: Connection refused";

const std::string kEarlyKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILSOeG7gS2DF7TpdNPDgcq0Fehiv3qtECHU+fIqqqxdu";
const std::string kRealKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
const std::string kUnsealedKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
const std::string kOtherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

base::Outcome said(int status, const std::string& tail = "") {
  base::Outcome out;
  out.status = status;
  out.tail = tail;
  return out;
}

/// One answer to a call of ssh.
struct Answer {
  base::Outcome outcome;
  std::string shows;    // a host key: what the client tells, not what the peer says
  bool proven = false;  // what a further connection would find
};

Answer down(const std::string& tail = kDown) { return {said(255, tail), "", false}; }
Answer early(int status, const std::string& tail = "") { return {said(status, tail), kEarlyKey, true}; }
Answer real(int status, const std::string& tail = "") { return {said(status, tail), kRealKey, true}; }
Answer unsealed(int status, const std::string& tail = "") { return {said(status, tail), kUnsealedKey, true}; }
/// It shows that key, and ssh ends there: it looked for another one.
Answer refused_by_ssh(const std::string& key) { return {said(255, kWrongKey), key, true}; }
Answer claims(const std::string& key, const std::string& tail) { return {said(255, tail), key, false}; }

std::string state(const std::string& boot, const std::string& manager, const std::string& rest = "- - -") {
  return "dracut-sshd-state 00000000-0000-0000-0000-00000000000" + boot + " 83.2 " + manager + " " + rest;
}

/// The client and its helpers: answers in order, and remembers what it was asked.
class Script final : public base::Runner {
 public:
  explicit Script(std::deque<Answer> answers) : answers_(std::move(answers)), folder_("/tmp", "unlock-test.") {
    for (const auto* tool : {"ssh-keygen", "ssh"}) {
      base::write_file(folder_.path() / tool, "");
      std::filesystem::permissions(folder_.path() / tool, std::filesystem::perms::owner_all);
    }
    base::write_file(folder_.path() / "known", "");
    known["db-initramfs"] = kEarlyKey;
    known["db.example.org"] = kRealKey;
    settings = "user " + std::string("admin") + "\nhostname db.example.org\nport 22\nuserknownhostsfile " +
               (folder_.path() / "known").string() + "\n";
  }

  base::Outcome run(const base::Command& command, const base::Cancel& cancel) override {
    if (command.argv[0] == "ssh-keygen") return look_up(command);
    if (std::ranges::find(command.argv, "-G") != command.argv.end()) {
      const bool without_configuration = std::ranges::find(command.argv, "-F") != command.argv.end();
      base::write_file(command.stdout_to, without_configuration ? "user " + own_user + "\n" : settings);
      return local;
    }
    const bool is_early = std::ranges::find(command.argv, "HostKeyAlias=db-initramfs") != command.argv.end();
    const bool is_unsealed =
        std::ranges::find(command.argv, "HostKeyAlias=db-initramfs-unsealed") != command.argv.end();
    const std::string who = is_early ? "initramfs: " : is_unsealed ? "unsealed: " : "real: ";
    commands.push_back(command);
    const auto agent = value_of(command, "IdentityAgent=");
    if (!agent.empty()) {
      calls.push_back(who + "prove");
      if (known_proof) last_ = *known_proof;
      const bool proven = last_.proven && (!is_unsealed || last_.shows == known["db-initramfs-unsealed"]);
      if (proven) touch(agent);
      for (int count = 0; count < 100 && proven && cancel.signal() == 0; ++count)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      cancel.throw_if_requested();
      return said(255, kDenied);
    }
    std::string sent;
    if (command.passed.contains(0)) {
      char buffer[256];
      const auto count = read(command.passed.at(0), buffer, sizeof buffer);
      if (count > 1) sent = " <- " + std::string(buffer, static_cast<std::size_t>(count) - 1);
    }
    calls.push_back(who + (command.argv.back() == state_question() ? "state" : command.argv.back()) + sent);
    if (answers_.empty()) {
      last_ = {};
      return said(255, kDown);
    }
    last_ = answers_.front();
    answers_.pop_front();
    const auto record = value_of(command, "KnownHostsCommand=/bin/sh -c 'echo \"$1 $2 $3\" >>\"$0\"' ");
    if (!last_.shows.empty() && !record.empty())
      base::write_file(record.substr(0, record.find(' ')), "ORDER NONE NONE\nHOSTNAME " + last_.shows + "\n");
    return last_.outcome;
  }

  std::map<std::string, std::string> environment() const { return {{"PATH", folder_.path().string()}}; }

  std::vector<std::string> calls;
  std::vector<base::Command> commands;
  std::map<std::string, std::string> known;  // name -> key
  std::optional<Answer> known_proof;         // of who is there before the first call
  std::string settings;
  std::string own_user = "operator";  // who runs ssh, as ssh says it
  base::Outcome local;

 private:
  static std::string value_of(const base::Command& command, const std::string& start) {
    for (const auto& word : command.argv) {
      if (word.starts_with(start)) return word.substr(start.size());
    }
    return {};
  }

  base::Outcome look_up(const base::Command& command) {
    const auto found = known.find(command.argv.at(2));
    if (found == known.end()) return said(1);
    base::write_file(command.stdout_to,
                     "# Host " + found->first + " found: line 1\n" + found->first + " " + found->second + "\n");
    return said(0);
  }

  /// As ssh does when the host has proven its key: it would wait for an answer.
  void touch(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    client_ = base::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(client_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  std::deque<Answer> answers_;
  Answer last_;
  base::TempDir folder_;
  base::Fd client_;
};

/// One passphrase for all, or one that tells for which question it is.
class Passphrases final : public PassphraseSource {
 public:
  explicit Passphrases(bool each) : each_(each) {}
  bool by_question() const override { return each_; }
  Secret passphrase(const Question* question, const base::Cancel& /*cancel*/) override {
    asked.push_back(question == nullptr ? "any" : question->unit + "|" + question->id + "|" + question->message);
    if (fails) throw base::Error("the passphrase's command failed (status 1)");
    return Secret(each_ && question != nullptr ? "for " + question->message : std::string("open sesame"));
  }
  std::vector<std::string> asked;
  bool fails = false;

 private:
  bool each_;
};

struct Played {
  Unlocked result;
  std::vector<std::string> calls;
  std::vector<int> pauses;
  std::vector<std::string> told;
  std::vector<State> states;
  std::vector<std::string> asked;  // of the source of passphrases
};

struct Options {
  bool for_system = true;
  bool after_reboot = false;
  bool pin = false;
  bool trust_new = false;
  bool accept_unsealed = false;
  std::string host = "db";
  std::string alias = "db-initramfs";
  bool each = false;  // a passphrase for each question
  bool no_passphrase = false;
  bool reboot = false;
  bool straight = false;
  std::string ready = {};
  std::vector<std::string> answer = {};
  std::vector<std::string> addresses = {};
};

Played play_with(Script& script, const Options& options = {}) {
  Target target;
  target.host = options.host;
  target.alias = options.alias;
  target.trust_new = options.trust_new;
  target.accept_unsealed = options.accept_unsealed;
  Wait wait;
  wait.deadline = std::chrono::seconds(60);
  wait.for_system = options.for_system;
  wait.after_reboot = options.after_reboot;
  wait.pin = options.pin;
  wait.reboot = options.reboot;
  wait.straight = options.straight;
  wait.ready = options.ready;
  wait.answer = options.answer;
  target.addresses = options.addresses;
  fakes::Context<Script&> context(script);
  context.environment = script.environment();
  Passphrases source(options.each);
  source.fails = options.no_passphrase;
  Played out;
  out.result = unlock(target, source, wait, context, [&](const Event& event) {
    out.told.push_back(event.text);
    out.states.push_back(event.state);
  });
  out.asked = source.asked;
  out.calls = script.calls;
  for (const auto pause : context.clock.pauses())
    out.pauses.push_back(static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(pause).count()));
  return out;
}

Played play(std::deque<Answer> answers, const Options& options = {}) {
  Script script(std::move(answers));
  return play_with(script, options);
}

TEST(Unlock, UserOfTheRealSystemIsTheConfiguredOneOrElseRoot) {
  const auto user_of_the_real_system = [](const std::string& own_user) {
    Script script({down(), early(0), early(0), down(), real(97)});
    script.own_user = own_user;
    (void)play_with(script);
    const auto& argv = script.commands.back().argv;
    const auto option = std::ranges::find(argv, "-l");
    return option == argv.end() ? "" : *(option + 1);
  };
  EXPECT_EQ(user_of_the_real_system("operator"), "admin");
  // ssh -G says the same where no user is configured.
  EXPECT_EQ(user_of_the_real_system("admin"), "root");
}

TEST(Unlock, WaitsUntilTheMachineIsThereUnlocksItAndSeesItsSystem) {
  const auto played = play({down(), down(), early(0), early(0), down(), real(97)});
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state", "initramfs: state", "initramfs: state",
                                        "initramfs: unlock --wait 60 <- open sesame", "real: state", "real: state"));
  EXPECT_THAT(played.pauses, ElementsAre(1, 2, 1, 2));
  EXPECT_THAT(played.told,
              Contains("no answer yet (unverified: ssh: connect to host db port 22: Connection refused)").Times(1));
}

Answer lists(const std::string& prompts) {
  auto out = early(prompts.empty() ? 2 : 0);
  out.outcome.out = R"({"exit":0,"prompts":[)" + prompts + "]}\n";
  return out;
}

std::string prompt(const std::string& unit, const std::string& id, const std::string& message) {
  return R"({"unit":")" + unit + R"(","id":")" + id + R"(","message":")" + message + R"(","outcome":"pending"})";
}

const std::string kHome = prompt("systemd-cryptsetup@home.service", "cryptsetup:/dev/vda2", "disk home");
const std::string kRoot = prompt("systemd-cryptsetup@root.service", "cryptsetup:/dev/vda3", "disk root");
const std::string kPin = prompt("systemd-cryptsetup@root.service", "tpm2-pin", "Please enter TPM2 PIN");
const std::string kPool = prompt("zfs-load-key.service", "", "Enter passphrase for 'rpool/ROOT':");

TEST(Unlock, EachPromptGetsItsPassphraseAndAPinNone) {
  Options options;
  options.each = true;
  const auto played =
      play({early(0), lists(kPin + "," + kHome + "," + kRoot), early(0), lists(kPin + "," + kRoot), early(0),
            lists(kPin), lists(kPin), lists(kPin), lists(kPin), lists(kPin), down(), real(97)},
           options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.asked, ElementsAre("systemd-cryptsetup@home.service|cryptsetup:/dev/vda2|disk home",
                                        "systemd-cryptsetup@root.service|cryptsetup:/dev/vda3|disk root"));
  EXPECT_THAT(played.calls,
              Contains("initramfs: unlock --unit systemd-cryptsetup@home.service <- for disk home").Times(1));
  EXPECT_THAT(played.calls,
              Contains("initramfs: unlock --unit systemd-cryptsetup@root.service <- for disk root").Times(1));
}

TEST(Unlock, APromptThatIsNoDisksIsAnsweredWhereItIsNamed) {
  Options options;
  options.each = true;
  options.for_system = false;
  auto all = std::deque<Answer>{early(0)};
  all.insert(all.end(), 200, lists(kPool));
  const auto left = play(all, options);
  EXPECT_EQ(left.result.outcome, Outcome::not_asked);
  EXPECT_THAT(left.result.detail, HasSubstr("rpool/ROOT"));
  EXPECT_THAT(left.asked, testing::IsEmpty());
  options.answer = {"rpool/ROOT"};
  std::deque<Answer> answers{early(0), lists(kPool), early(0)};
  answers.insert(answers.end(), 20, lists(""));
  const auto named = play(answers, options);
  EXPECT_EQ(named.result.outcome, Outcome::unlocked);
  EXPECT_THAT(named.calls,
              Contains(HasSubstr("unlock --message 'Enter passphrase for '\\''rpool/ROOT'\\'':' <- for Enter")));
}

TEST(Unlock, AKeyThatMayOnlyUnlockGetsOnePassphraseForAll) {
  Options options;
  options.each = true;
  auto forced = early(64, "unlock: there is no passphrase on standard input.");
  const auto played = play({forced, forced, early(0), real(97)}, options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.asked, ElementsAre("any"));
}

TEST(Unlock, AQuestionThatWasRefusedEndsItAndIsNotAnsweredAgain) {
  Options options;
  options.each = true;
  const auto played = play({early(0), lists(kHome), early(1, "unlock: home: the passphrase was refused")}, options);
  EXPECT_EQ(played.result.outcome, Outcome::refused);
  EXPECT_THAT(played.asked, testing::SizeIs(1));
}

TEST(Unlock, WhereTheKeyWasShownItBeginsBySending) {
  Options options;
  options.straight = true;
  const auto played = play({early(0), real(97)}, options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls, ElementsAre("initramfs: unlock --wait 60 <- open sesame", "real: state"));
  // It was not the initramfs, which ssh finds before it sends.
  const auto other =
      play({refused_by_ssh(kRealKey), refused_by_ssh(kRealKey), real(97, state("1", "running"))}, options);
  EXPECT_EQ(other.result.outcome, Outcome::already_up);
  // A key that both have proves nothing.
  Script script({real(97, state("1", "running"))});
  script.known["db-initramfs"] = kRealKey;
  const auto shared = play_with(script, options);
  EXPECT_EQ(shared.result.outcome, Outcome::already_up);
  EXPECT_THAT(shared.calls, Each(Not(HasSubstr("sesame"))));
}

TEST(Unlock, AMachineThatAsksWithoutEndIsGivenUp) {
  Options options;
  options.each = true;
  std::deque<Answer> answers{early(0)};
  for (int disk = 0; disk < 200; ++disk) {
    answers.push_back(lists(prompt("", "cryptsetup:/dev/" + std::to_string(disk), "disk")));
    answers.push_back(early(0));
  }
  const auto played = play(answers, options);
  EXPECT_EQ(played.result.outcome, Outcome::refused);
  EXPECT_EQ(played.asked.size(), 64U);
}

TEST(Unlock, WithoutAPassphraseNothingIsSent) {
  Options options;
  options.no_passphrase = true;
  const auto played = play({early(0)}, options);
  EXPECT_EQ(played.result.outcome, Outcome::no_passphrase);
  EXPECT_THAT(played.result.detail, HasSubstr("status 1"));
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state"));
}

TEST(Unlock, RebootsTheRealSystemAndWaitsUntilItIsAnotherBoot) {
  Options options;
  options.reboot = true;
  const auto played =
      play({real(97, state("1", "running")), real(0), refused_by_ssh(kRealKey), real(97, state("1", "running")), down(),
            down(), early(0), early(0), down(), real(97, state("2", "running"))},
           options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls[0], HasSubstr("real: state"));
  EXPECT_THAT(played.calls[1], HasSubstr("systemctl reboot"));
}

TEST(Unlock, RebootsNothingThatCouldNotBeUnlockedAgain) {
  Options options;
  options.reboot = true;
  Script script({});
  script.known.erase("db-initramfs");
  const auto played = play_with(script, options);
  EXPECT_EQ(played.result.outcome, Outcome::unknown_key);
  EXPECT_THAT(played.calls, testing::IsEmpty());
}

TEST(Unlock, ARebootThatIsRefusedSaysWhy) {
  Options options;
  options.reboot = true;
  const auto played = play({real(97, state("1", "running")), real(1, "sudo: a password is required")}, options);
  EXPECT_EQ(played.result.outcome, Outcome::not_rebooted);
  EXPECT_THAT(played.result.detail, HasSubstr("a password is required"));
}

TEST(Unlock, ADiskThatOpensByItselfAfterTheRebootIsFine) {
  Options options;
  options.reboot = true;
  const auto played = play(
      {real(97, state("1", "running")), real(0), down(), down(), down(), real(97, state("2", "running"))}, options);
  EXPECT_EQ(played.result.outcome, Outcome::already_up);
}

TEST(Unlock, WaitsUntilTheCommandOfTheRealSystemSucceeds) {
  Options options;
  options.ready = "systemctl is-system-running";
  const auto played = play({early(0), early(0), real(97), real(1, "starting"), down(), real(0, "running")}, options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_EQ(played.calls.back(), "real: systemctl is-system-running");
  std::deque<Answer> never{early(0), early(0), real(97)};
  never.insert(never.end(), 100, real(1, "degraded"));
  const auto late = play(never, options);
  EXPECT_EQ(late.result.outcome, Outcome::not_ready);
  EXPECT_EQ(late.result.detail, "degraded");
}

TEST(Unlock, TriesOneAddressAfterTheOther) {
  Options options;
  options.addresses = {"192.0.2.7", "2001:db8::7"};
  Script script({down(), early(0), early(0), real(97)});
  const auto played = play_with(script, options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  const auto host_name = [&](std::size_t call) {
    for (const auto& word : script.commands.at(call).argv) {
      if (word.starts_with("HostName=")) return word.substr(9);
    }
    return std::string();
  };
  EXPECT_EQ(host_name(0), "192.0.2.7");
  EXPECT_EQ(host_name(1), "2001:db8::7");
  EXPECT_THAT(script.commands.back().argv, Contains("HostKeyAlias=db.example.org"));
}

TEST(Questions, WhatIsNoListIsRefused) {
  for (const auto* text : {"", "[]", "{}", R"({"prompts":{}})", R"({"prompts":[1]})", "{\"prompts\":[", "\xff"})
    EXPECT_THROW((void)questions_of(text), base::Error) << text;
  const auto odd = questions_of(R"({"prompts":[{"unit":"a\u0007b","id":7,"message":"Disk é"}]})");
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(odd[0].unit + odd[0].id + odd[0].message, "");
}

TEST(Unlock, APinGoesToItsPromptAlone) {
  Options options;
  options.pin = true;
  options.for_system = false;
  const auto played = play({early(0), early(0)}, options);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state", "initramfs: unlock --pin --wait 60 <- open sesame"));
  EXPECT_THAT(played.told, Contains("in the initramfs; sending the PIN"));
}

TEST(Unlock, NoWordOfAPeerThatHasShownNoKeyIsBelieved) {
  for (const auto* text : {kWrongKey, kUnknownKey, kDenied, "Too many authentication failures",
                           "command-line: line 0: Bad configuration option: x", "Bad owner or permissions on x"}) {
    const auto played = play({down(text), down(kDenied), down(text), early(0), early(0), real(97)});
    EXPECT_EQ(played.result.outcome, Outcome::unlocked) << text;
    const std::deque<Answer> always(50, down(text));
    const auto alone = play(always);
    EXPECT_EQ(alone.result.outcome, Outcome::no_answer) << text;
    EXPECT_THAT(alone.result.detail, testing::StartsWith("unverified: "));
    EXPECT_THAT(alone.calls, Each("initramfs: state"));
  }
}

TEST(Unlock, NorIsOneThatShowsAKnownKeyAndDoesNotProveIt) {
  for (const auto& key : {kEarlyKey, kRealKey}) {
    for (const auto* text : {kWrongKey, kDenied, ""}) {
      const std::deque<Answer> always(200, claims(key, text));
      EXPECT_EQ(play(always).result.outcome, Outcome::no_answer) << key << text;
      auto afterwards = std::deque<Answer>{early(0), early(0)};
      afterwards.insert(afterwards.end(), always.begin(), always.end());
      EXPECT_EQ(play(afterwards).result.outcome, Outcome::not_seen_again) << key << text;
    }
  }
}

TEST(Unlock, NothingGoesToAHostWithAnotherKeyAndItDoesNotEndTheWaiting) {
  const std::deque<Answer> always(50, claims(kOtherKey, kWrongKey));
  const auto played = play(always);
  EXPECT_EQ(played.result.outcome, Outcome::wrong_key);
  EXPECT_THAT(played.result.detail, HasSubstr("SHA256:"));
  EXPECT_THAT(played.calls, Each("initramfs: state"));
  EXPECT_EQ(play({claims(kOtherKey, ""), early(0), early(0), real(97)}).result.outcome, Outcome::unlocked);
}

TEST(Unlock, NorToOneWhoseKeyBecomesAnotherInBetween) {
  std::deque<Answer> answers(50, claims(kOtherKey, kWrongKey));
  answers.push_front(early(0));
  EXPECT_EQ(play(answers).result.outcome, Outcome::wrong_key);
  EXPECT_EQ(play({early(0), down(), early(0), early(0), real(97)}).result.outcome, Outcome::unlocked);
}

Played play_unsealed(std::deque<Answer> answers, const Options& options = {}) {
  Script script(std::move(answers));
  script.known["db-initramfs-unsealed"] = kUnsealedKey;
  return play_with(script, options);
}

TEST(Unlock, AnInitramfsWhoseTpmDidNotOpenItsKeyGetsNothing) {
  const auto played = play_unsealed({down(), refused_by_ssh(kUnsealedKey)});
  EXPECT_EQ(played.result.outcome, Outcome::unsealed);
  EXPECT_THAT(played.result.detail, HasSubstr("db-initramfs-unsealed"));
  EXPECT_THAT(played.result.detail, HasSubstr("--accept-unsealed"));
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state", "initramfs: state", "unsealed: prove"));
  // The sealed key is the one that counts as long as it is there.
  EXPECT_EQ(play_unsealed({early(0), early(0), real(97)}).result.outcome, Outcome::unlocked);
}

TEST(Unlock, WhoeverOnlyShowsTheUnsealedKeyDoesNotEndTheWaiting) {
  for (const bool accept : {false, true}) {
    const Options options{.accept_unsealed = accept};
    const std::deque<Answer> always(200, claims(kUnsealedKey, kWrongKey));
    const auto played = play_unsealed(always, options);
    EXPECT_EQ(played.result.outcome, Outcome::wrong_key);
    EXPECT_THAT(played.calls, Each(Not(HasSubstr("sesame"))));
    auto afterwards = std::deque<Answer>{claims(kUnsealedKey, kWrongKey)};
    if (accept) afterwards.push_back(claims(kUnsealedKey, ""));
    afterwards.insert(afterwards.end(), {early(0), early(0), real(97)});
    EXPECT_EQ(play_unsealed(afterwards, options).result.outcome, Outcome::unlocked);
  }
  const std::deque<Answer> strangers(200, claims(kOtherKey, kWrongKey));
  EXPECT_THAT(play_unsealed(strangers, {.accept_unsealed = true}).calls, Each("initramfs: state"));
}

TEST(Unlock, AcceptUnsealedGoesOnByThatNameAlone) {
  const Options accept{.accept_unsealed = true};
  const auto shown = refused_by_ssh(kUnsealedKey);
  const auto played = play_unsealed({shown, unsealed(0), unsealed(0), down(), real(97)}, accept);
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state", "unsealed: state",
                                        "unsealed: unlock --wait 60 <- open sesame", "real: state", "real: state"));
  EXPECT_THAT(played.told, Contains(HasSubstr("db-initramfs-unsealed")));
  // Another key between the two calls.
  const auto swapped = play_unsealed({shown, unsealed(0), refused_by_ssh(kOtherKey)}, accept);
  EXPECT_EQ(swapped.result.outcome, Outcome::no_answer);
  // It boots anew, and its TPM opens the sealed one.
  const auto anew = play_unsealed({shown, unsealed(255, kDenied), early(0), early(0), real(97)}, accept);
  EXPECT_EQ(anew.result.outcome, Outcome::unlocked);
  EXPECT_THAT(anew.calls, Contains("initramfs: unlock --wait 60 <- open sesame"));
  // It takes none of our keys.
  const auto denied = unsealed(255, kDenied);
  const auto no_login = play_unsealed({shown, denied, shown, denied, shown, denied}, accept);
  EXPECT_EQ(no_login.result.outcome, Outcome::no_login);
}

TEST(Unlock, TheUnsealedKeyIsNotTakenForANewOne) {
  Script script({refused_by_ssh(kUnsealedKey)});
  script.known.erase("db-initramfs");
  script.known.erase("db.example.org");
  script.known["db-initramfs-unsealed"] = kUnsealedKey;
  script.known_proof = unsealed(255, kDenied);
  const auto played = play_with(script, {.trust_new = true});
  EXPECT_EQ(played.result.outcome, Outcome::unsealed);
  EXPECT_THAT(played.calls, ElementsAre("unsealed: prove"));
  // Nothing but the unsealed key is known, and it is to be accepted.
  Script alone({refused_by_ssh(kUnsealedKey), unsealed(0), unsealed(0), real(97)});
  alone.known.erase("db-initramfs");
  alone.known["db-initramfs-unsealed"] = kUnsealedKey;
  EXPECT_EQ(play_with(alone, {.accept_unsealed = true}).result.outcome, Outcome::unlocked);
}

TEST(Unlock, ARealSystemThatStaysIsLeftAlone) {
  const auto played = play({claims(kRealKey, kWrongKey), real(97, state("1", "running"))});
  EXPECT_EQ(played.result.outcome, Outcome::already_up);
  EXPECT_EQ(played.result.detail, "for 1 min 23 s");
  EXPECT_THAT(played.calls, ElementsAre("initramfs: state", "real: state"));
  EXPECT_EQ(play({early(97, state("1", "degraded"))}).result.outcome, Outcome::already_up);  // both share a host key
}

TEST(Unlock, ARealSystemThatDoesNotSayWhetherItStaysIsLookedAtAFewTimes) {
  const auto silent = claims(kRealKey, kWrongKey);
  const auto played = play({silent, real(97), silent, real(97), silent, real(97)});
  EXPECT_EQ(played.result.outcome, Outcome::already_up);
  EXPECT_THAT(played.pauses, ElementsAre(5, 5));
  EXPECT_EQ(play({silent, real(97), silent, real(97), down(), early(0), early(0), real(97)}).result.outcome,
            Outcome::unlocked);
  // It lets nobody in, and proves its key.
  const auto denied = play({silent, real(255, kDenied), silent, real(255, kDenied), silent, real(255, kDenied)});
  EXPECT_EQ(denied.result.outcome, Outcome::already_up);
  EXPECT_THAT(denied.calls, Contains("real: prove").Times(3));
}

TEST(Unlock, ARealSystemThatGoesDownIsWaitedFor) {
  const auto busy = claims(kRealKey, kWrongKey);
  for (const auto& going : {state("1", "stopping"), state("1", "running", "1000030000000 reboot 1000000")}) {
    const auto played = play({busy, real(97, going), busy, real(97, going), down(), early(0), early(0), real(97)});
    EXPECT_EQ(played.result.outcome, Outcome::unlocked) << going;
    EXPECT_THAT(played.told, Contains(HasSubstr("going down")).Times(1));
  }
  std::deque<Answer> always;
  for (int count = 0; count < 50; ++count) always.insert(always.end(), {busy, real(97, state("1", "stopping"))});
  EXPECT_EQ(play(always).result.outcome, Outcome::going_down);
  // Tomorrow's reboot is not this one's.
  EXPECT_EQ(play({busy, real(97, state("1", "running", "1009999000000 reboot 1000000"))}).result.outcome,
            Outcome::already_up);
}

TEST(Unlock, AfterARebootMeansAnotherBootOrAWhileWithoutAnAnswer) {
  const Options options{.after_reboot = true};
  const auto busy = claims(kRealKey, kWrongKey);
  const auto one = real(97, state("1", "running"));
  const auto two = real(97, state("2", "running"));
  EXPECT_EQ(play({busy, one, busy, one, busy, two}, options).result.outcome, Outcome::already_up);
  EXPECT_EQ(play({busy, one, down(), busy, one, early(0), early(0), real(97)}, options).result.outcome,
            Outcome::unlocked);
  EXPECT_EQ(play({down(), busy, one}, options).result.outcome, Outcome::already_up);
  std::deque<Answer> always;
  for (int count = 0; count < 50; ++count) always.insert(always.end(), {busy, one});
  EXPECT_EQ(play(always, options).result.outcome, Outcome::going_down);
}

TEST(Unlock, ARefusedPassphraseIsSaidWithAllThatTheGuestSays) {
  const auto played =
      play({early(0), early(1, "unlock: cryptroot: refused\nunlock: the next wrong one\x1b[31m powers it off")});
  EXPECT_EQ(played.result.outcome, Outcome::refused);
  EXPECT_EQ(played.result.detail, "unlock: the next wrong one\\x1b[31m powers it off");
  EXPECT_THAT(played.told, Contains("it says: unlock: cryptroot: refused"));
  EXPECT_THAT(played.told, Contains("it says: unlock: the next wrong one\\x1b[31m powers it off"));
}

TEST(Unlock, AConnectionThatIsCutWhileTheBootGoesOnIsNoFailureAndNoSuccess) {
  const auto cut = early(255, "Connection to db closed by remote host.");
  const auto busy = claims(kRealKey, kWrongKey);
  EXPECT_EQ(play({early(0), cut, busy, real(97)}).result.outcome, Outcome::unlocked);
  EXPECT_EQ(play({early(0), cut}).result.outcome, Outcome::no_outcome);
  EXPECT_EQ(play({early(0), cut}, {.for_system = false}).result.outcome, Outcome::no_outcome);
  EXPECT_EQ(play({early(0), early(137)}).result.outcome, Outcome::no_outcome);  // ssh was killed
  // The right one is there again: it is sent again, a few times at most.
  const auto again = play({early(0), cut, early(0), cut, early(0), cut, early(0), early(0), busy, real(97)});
  EXPECT_EQ(again.result.outcome, Outcome::unlocked);
  EXPECT_THAT(again.calls, Contains("initramfs: unlock --wait 60 <- open sesame").Times(3));
  EXPECT_EQ(play({early(0), cut, early(0), early(2), busy, real(97)}).result.outcome, Outcome::unlocked);
}

TEST(Unlock, GivesUpAtTheDeadline) {
  const auto played = play({});
  EXPECT_EQ(played.result.outcome, Outcome::no_answer);
  EXPECT_THAT(played.pauses, ElementsAre(1, 2, 4, 8, 15, 15, 15));
  EXPECT_EQ(play({early(0), early(0)}).result.outcome, Outcome::not_seen_again);
  EXPECT_EQ(play({early(0), early(3)}).result.outcome, Outcome::no_outcome);
}

TEST(Unlock, OtherEndsAreNamed) {
  const auto denied = play({early(255, kDenied), early(255, kDenied), early(255, kDenied)});
  EXPECT_EQ(denied.result.outcome, Outcome::no_login);  // the right one's own word
  EXPECT_EQ(denied.result.detail, kDenied);
  EXPECT_EQ(play({early(0), early(2, "unlock: nothing is being asked for.")}).result.outcome, Outcome::not_asked);
  EXPECT_EQ(play({early(0), early(0)}, {.for_system = false}).result.outcome, Outcome::unlocked);
  EXPECT_EQ(play({early(0), early(3)}, {.for_system = false}).result.outcome, Outcome::no_outcome);
  EXPECT_EQ(play({early(0), early(127)}).result.outcome, Outcome::refused);
}

TEST(Unlock, AFaultOfTheConfigurationIsSshsOwnWordBeforeAnythingIsConnectedTo) {
  Script faulty({early(0)});
  faulty.local = said(255, "/c: line 2: Bad configuration option: foo\n/c: terminating, 1 bad configuration options");
  const auto played = play_with(faulty);
  EXPECT_EQ(played.result.outcome, Outcome::local_fault);
  EXPECT_EQ(played.result.detail, "/c: line 2: Bad configuration option: foo");
  EXPECT_THAT(played.calls, testing::IsEmpty());
  for (const auto* setting : {"remotecommand id", "sessiontype none", "forkafterauthentication yes", "stdinnull yes",
                              "stricthostkeychecking false", "hostkeyalias other", "refuseconnection no more"}) {
    Script fixed({early(0)});
    fixed.settings += std::string(setting) + "\n";
    const auto result = play_with(fixed);
    EXPECT_EQ(result.result.outcome, Outcome::local_fault) << setting;
    EXPECT_THAT(result.calls, testing::IsEmpty()) << setting;
  }
}

TEST(Unlock, TheNameThatKnownHostsHasIsTaken) {
  EXPECT_THAT(
      initramfs_names("db.Example.org", "10.0.0.5"),
      ElementsAre("db.Example.org-initramfs", "db.example.org-initramfs", "10.0.0.5-initramfs", "db-initramfs"));
  EXPECT_THAT(initramfs_names("web", "db.example.org"),
              ElementsAre("web-initramfs", "db.example.org-initramfs", "db-initramfs"));
  EXPECT_THAT(initramfs_names("10.0.0.5", "10.0.0.5"), ElementsAre("10.0.0.5-initramfs"));
  EXPECT_THAT(initramfs_names("fe80::1%eth0.7", "fe80::1%eth0.7"), ElementsAre("fe80::1%eth0.7-initramfs"));
  EXPECT_THAT(initramfs_names("db-initramfs", "db"), ElementsAre("db-initramfs"));
  const auto played =
      play({early(0), early(0), real(97)}, {.host = "web.example.org", .alias = ""});  // ssh says: db.example.org
  EXPECT_EQ(played.result.outcome, Outcome::unlocked);
  EXPECT_THAT(played.told, Contains("known_hosts has its initramfs as db-initramfs"));
}

TEST(Unlock, WhereNoneIsKnownTheNamesAreSaidAndTheLineToAdd) {
  Script script({early(0)});
  script.known.erase("db-initramfs");
  script.known.erase("db.example.org");
  const auto played = play_with(script, {.host = "web", .alias = ""});
  EXPECT_EQ(played.result.outcome, Outcome::unknown_key);
  EXPECT_THAT(played.result.detail, HasSubstr("web-initramfs, db.example.org-initramfs, db-initramfs"));
  EXPECT_THAT(played.result.detail, HasSubstr("web-initramfs ssh-ed25519 AAAA..."));
  EXPECT_THAT(played.calls, testing::IsEmpty());
}

TEST(SystemState, IsToldByAnySystemsShell) {
  base::SystemRunner runner;
  base::Command command;
  command.argv = {"/bin/sh", "-c", state_question()};
  command.env["PATH"] = "/usr/bin:/bin";
  const auto outcome = runner.run(command, base::Cancel());
  if (std::filesystem::exists("/etc/initrd-release")) GTEST_SKIP() << "this is an initramfs";
  EXPECT_EQ(outcome.status, kRealSystem);
  const auto told = state_of(outcome.tail);
  EXPECT_EQ(told.boot + "\n", base::read_file("/proc/sys/kernel/random/boot_id", 100));
  EXPECT_GT(told.up, 0);
}

TEST(SystemState, WhatDoesNotReadAsItShouldStaysEmpty) {
  for (const auto* text : {"", "dracut-sshd-state", "dracut-sshd-state a b c", "dracut-sshd-state \x1b[1m x - x x x x"})
    EXPECT_EQ(state_of(text).boot, "");
  const auto odd = state_of("dracut-sshd-state ../../etc 1e99 stopp\x07ing nan reboot 1");
  EXPECT_EQ(odd.boot, "");
  EXPECT_EQ(odd.up, -1);
  EXPECT_EQ(odd.shutdown, -1);
  EXPECT_FALSE(odd.going_down(600));
  EXPECT_FALSE(odd.surely_stays());
}

/// Connects, and waits for an answer that does not come.
[[noreturn]] void connect_and_wait(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  (void)connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  char byte = 0;
  (void)!read(client, &byte, 1);
  _exit(0);
}

TEST(Tripwire, IsTouchedByAChildAndNotByAChildsChild) {
  for (const bool own : {true, false}) {
    const base::TempDir folder("/tmp", "tripwire-test.");
    const auto path = (folder.path() / "agent").string();
    const base::Cancel cancel;
    Tripwire wire(path, cancel);
    const auto child = fork();
    if (child == 0) {
      if (own || fork() == 0) connect_and_wait(path);
      (void)wait(nullptr);
      _exit(0);
    }
    for (int count = 0; count < (own ? 500 : 20) && wire.stop().signal() == 0; ++count)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(wire.touched(), own);
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
}

TEST(Tripwire, PassesOnThatTheProgramIsAskedToStop) {
  const base::TempDir folder("/tmp", "tripwire-test.");
  base::Cancel cancel;
  Tripwire wire(folder.path() / "agent", cancel);
  cancel.request(SIGHUP);
  for (int count = 0; count < 500 && wire.stop().signal() == 0; ++count)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(wire.stop().signal(), SIGHUP);
  EXPECT_FALSE(wire.touched());
}

TEST(Ssh, AsksNothingForwardsNothingAndHoldsNoSecretInItsArguments) {
  Target target;
  target.host = "db";
  target.alias = openssh::initramfs_alias("db");
  target.port = "2222";
  target.known_hosts = "/keys";
  const Secret secret(std::string("open sesame"));
  const auto command = ssh_command(target, System::initramfs, "unlock", &secret,
                                   {{"HOME", "/root"}, {"SECRET", "x"}, {"LC_ALL", "de_DE"}});
  for (const auto* option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=db-initramfs", "UserKnownHostsFile=/keys",
        "ForwardAgent=no", "ClearAllForwardings=yes", "ControlPath=none", "RemoteCommand=none", "SessionType=default",
        "ForkAfterAuthentication=no", "StdinNull=no", "NoHostAuthenticationForLocalhost=no", "GSSAPIKeyExchange=no"})
    EXPECT_THAT(command.argv, Contains(option));
  for (const auto& word : command.argv) EXPECT_THAT(word, Not(HasSubstr("sesame")));
  EXPECT_THAT(command.env, ElementsAre(testing::Pair("HOME", "/root"), testing::Pair("LC_ALL", "C")));
  EXPECT_EQ(command.data.at(0), "open sesame\n");
  const auto real = ssh_command(target, System::real, "true", nullptr, {});
  EXPECT_THAT(real.argv, Not(Contains("HostKeyAlias=db-initramfs")));
  EXPECT_THAT(real.argv, Not(Contains("2222")));
  // A client that has been asked gets none that it does not know, and keeps the IgnoreUnknown of the user's file.
  EXPECT_THAT(command.argv, Contains(HasSubstr("IgnoreUnknown=")));
  target.lacks = std::set<std::string>{"SessionType"};
  target.real_user = "admin";
  const auto asked = ssh_command(target, System::real, "true", nullptr, {});
  EXPECT_THAT(asked.argv, Not(Contains(HasSubstr("IgnoreUnknown="))));
  EXPECT_THAT(asked.argv, Not(Contains("SessionType=default")));
  EXPECT_THAT(asked.argv, Contains("StdinNull=no"));
  EXPECT_THAT(asked.argv, Contains("admin"));
  EXPECT_EQ(openssh::initramfs_alias("db-initramfs"), "db-initramfs");
  EXPECT_EQ(openssh::real_name_of("db-initramfs"), "db");
}

TEST(Secret, IsTheFirstLineOfADescriptorOrOfACommand) {
  const base::Cancel cancel;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "first\nsecond\n", 13), 13);
  close(ends[1]);
  EXPECT_EQ(from_descriptor(ends[0], cancel).view(), "first");
  close(ends[0]);
  EXPECT_EQ(from_command("printf 'one\\ntwo\\n'", {}, std::chrono::seconds(0), cancel).view(), "one");
  EXPECT_EQ(from_command("printf 'no end of line'", {}, std::chrono::seconds(0), cancel).view(), "no end of line");
  EXPECT_EQ(from_command("echo one; yes", {}, std::chrono::seconds(0), cancel).view(), "one");
}

TEST(Secret, ThatIsNoneIsRefused) {
  const base::Cancel cancel;
  EXPECT_THROW((void)from_command("true", {}, std::chrono::seconds(0), cancel), base::Error);
  EXPECT_THROW((void)from_command("echo x; exit 3", {}, std::chrono::seconds(0), cancel), base::Error);
  EXPECT_THROW((void)from_command("head -c 4000 /dev/zero | tr '\\0' x", {}, std::chrono::seconds(0), cancel),
               base::Error);
  EXPECT_THROW((void)from_command("printf 'a\\0b\\n'", {}, std::chrono::seconds(0), cancel), base::Error);
}

TEST(Secret, IsNotWaitedForByAProgramThatIsAskedToStop) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  for (const bool command : {true, false}) {
    base::Cancel cancel;
    const std::jthread user([&cancel] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      cancel.request(SIGTERM);
    });
    const auto begin = std::chrono::steady_clock::now();
    if (command)
      EXPECT_THROW((void)from_command("exec sleep 60", {}, std::chrono::seconds(0), cancel), base::Interrupted);
    else
      EXPECT_THROW((void)from_descriptor(ends[0], cancel), base::Interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(Secret, IsInLockedMemoryAndMovesWithoutACopy) {
  std::string typed = "open sesame";
  Secret first(std::move(typed));
  EXPECT_EQ(typed, "");  // NOLINT(bugprone-use-after-move): it has been overwritten
  const auto* const place = first.view().data();
  Secret second(std::move(first));
  EXPECT_EQ(second.view(), "open sesame");
  EXPECT_EQ(static_cast<const void*>(second.view().data()), static_cast<const void*>(place));
  const auto input = as_pipe(second);
  char buffer[32] = {};
  EXPECT_EQ(read(input.get(), buffer, sizeof buffer), 12);
  EXPECT_STREQ(buffer, "open sesame\n");
  EXPECT_EQ(read(input.get(), buffer, sizeof buffer), 0);
  EXPECT_THROW((void)Secret(std::string(kLongestPassphrase + 1, 'x')), base::Error);
}

}  // namespace
}  // namespace remote
