// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "watch/watcher.hpp"

namespace watch {
namespace {

using remote::Outcome;
using remote::Shows;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatcherTest : public testing::Test {
 protected:
  WatcherTest() : watcher_(Pace{}, 3, false) { host_ = watcher_.add({"db1", true, true}, now_); }

  void answers(bool changed = false, bool lost = false) {
    watcher_.looked({host_, Answer::identified, "SSH-2.0-x", changed, lost}, now_);
  }
  void missed(Answer answer = Answer::refused) { watcher_.looked({host_, answer, "", false, false}, now_); }
  bool takes_key_look() { return !watcher_.take_key_looks(8, now_).empty(); }
  bool takes_ssh_look() { return !watcher_.take_ssh_looks(8, now_).empty(); }
  void shows(Shows what) {
    ASSERT_TRUE(takes_key_look());
    watcher_.shown(host_, what, now_);
  }
  void ends(Outcome outcome, const std::string& detail = "") {
    ASSERT_TRUE(takes_ssh_look());
    watcher_.finished(host_, {outcome, detail, 0}, now_);
  }
  /// As "unknown>up".
  std::vector<std::string> changes() {
    std::vector<std::string> out;
    for (const auto& change : watcher_.take_changes()) out.push_back(name_of(change.from) + ">" + name_of(change.to));
    return out;
  }
  State state() { return watcher_.status(host_).state; }
  void reboots() {
    missed();
    now_ += 30;
    answers(false, true);
  }

  Watcher watcher_;
  std::size_t host_ = 0;
  double now_ = 1000;
};

TEST_F(WatcherTest, LooksAtAHostThatAnswersForTheFirstTime) {
  EXPECT_FALSE(takes_key_look());
  answers();
  shows(Shows::real);
  EXPECT_THAT(changes(), ElementsAre("unknown>up"));
  EXPECT_FALSE(takes_ssh_look());
  answers();
  EXPECT_FALSE(takes_key_look());
}

TEST_F(WatcherTest, UnlocksAHostThatRebooted) {
  answers();
  shows(Shows::real);
  reboots();
  shows(Shows::initramfs);
  ASSERT_TRUE(takes_ssh_look());
  watcher_.progressed(host_, State::unlocking, "", now_);
  EXPECT_GT(watcher_.status(host_).waiting_since, 0);
  now_ += 2;
  watcher_.finished(host_, {Outcome::unlocked, "", 2}, now_);
  EXPECT_EQ(watcher_.status(host_).waiting_since, 0);
  // The initramfs's sshd goes, and the real system's comes: no news in between.
  missed();
  now_ += 20;
  answers(false, true);
  shows(Shows::real);
  EXPECT_THAT(changes(), ElementsAre("unknown>up", "up>down", "down>waiting", "waiting>unlocking", "unlocking>unlocked",
                                     "unlocked>up"));
}

TEST_F(WatcherTest, LooksAgainOnAnySignOfAReboot) {
  answers();
  shows(Shows::real);
  answers(true, false);
  shows(Shows::real);
  answers(false, true);
  shows(Shows::real);
  watcher_.beacon(host_, now_);
  shows(Shows::real);
  EXPECT_FALSE(takes_key_look());
  now_ += 300 * 1.2;
  EXPECT_TRUE(takes_key_look());
}

TEST_F(WatcherTest, NeverSendsARefusedPassphraseTwiceInABoot) {
  answers();
  shows(Shows::initramfs);
  ends(Outcome::refused, "refused: cryptroot");
  EXPECT_EQ(state(), State::fault);
  EXPECT_THAT(watcher_.status(host_).text, HasSubstr("refused: cryptroot"));
  for (int hours = 0; hours < 24; ++hours) {
    now_ += 3600;
    watcher_.beacon(host_, now_);
    shows(Shows::initramfs);
    EXPECT_FALSE(takes_ssh_look());
  }
  // A short gap is the network's.
  missed();
  now_ += 3;
  answers(false, true);
  shows(Shows::initramfs);
  EXPECT_FALSE(takes_ssh_look());
  reboots();
  shows(Shows::initramfs);
  EXPECT_TRUE(takes_ssh_look());
}

TEST_F(WatcherTest, ADeniedHostWaitsForItsNextBoot) {
  answers();
  shows(Shows::initramfs);
  ASSERT_TRUE(takes_ssh_look());
  watcher_.denied(host_, "denied", now_);
  EXPECT_EQ(state(), State::fault);
  now_ += 3600;
  shows(Shows::initramfs);
  EXPECT_FALSE(takes_ssh_look());
  now_ += 3600;
  shows(Shows::real);
  EXPECT_EQ(state(), State::up);
  reboots();
  shows(Shows::initramfs);
  EXPECT_TRUE(takes_ssh_look());
}

TEST_F(WatcherTest, FailuresComeMoreAndMoreSeldom) {
  answers();
  shows(Shows::initramfs);
  double last = 0;
  for (int count = 0; count < 12; ++count) {
    ends(Outcome::no_login);
    const auto due = watcher_.next_key_look();
    ASSERT_FALSE(std::isinf(due));
    const auto pause = due - now_;
    if (count < 6) EXPECT_GT(pause, last);
    last = pause * 0.8;
    EXPECT_LE(pause, Watcher::kLongestPause * 1.2);
    now_ = due;
    shows(Shows::initramfs);
    now_ = std::max(now_, watcher_.next_ssh_look());
  }
  EXPECT_EQ(watcher_.status(host_).failures, 12U);
  EXPECT_GE(last, Watcher::kLongestPause * 0.8 * 0.8 * 0.3);
}

TEST_F(WatcherTest, AStrangerGetsNothing) {
  answers();
  shows(Shows::stranger);
  EXPECT_EQ(state(), State::wrong_key);
  EXPECT_FALSE(takes_ssh_look());
  now_ += 400;
  shows(Shows::initramfs);
  EXPECT_TRUE(takes_ssh_look());
}

TEST_F(WatcherTest, OneLostPacketIsNoNews) {
  answers();
  shows(Shows::real);
  (void)changes();
  missed(Answer::timeout);
  EXPECT_THAT(changes(), IsEmpty());
  missed(Answer::timeout);
  EXPECT_THAT(changes(), ElementsAre("up>down"));
}

TEST_F(WatcherTest, AHostThatSaysNothingIsAFault) {
  for (int count = 0; count < 3; ++count) missed(Answer::silent);
  EXPECT_EQ(state(), State::fault);
  answers();
  shows(Shows::real);
  EXPECT_EQ(state(), State::up);
}

TEST_F(WatcherTest, AHostThatShowsNoKeyIsAskedAgainForAWhile) {
  answers();
  for (int count = 0; count < 5; ++count) {
    shows(Shows::nothing);
    now_ += 40;
  }
  EXPECT_EQ(state(), State::fault);
}

TEST_F(WatcherTest, NeverLooksTwiceAtOnce) {
  answers();
  ASSERT_TRUE(takes_key_look());
  watcher_.beacon(host_, now_);
  answers(true, true);
  EXPECT_FALSE(takes_key_look());
  EXPECT_FALSE(takes_ssh_look());
  // What a beacon asked for meanwhile comes after it.
  watcher_.shown(host_, Shows::real, now_);
  EXPECT_TRUE(takes_key_look());
}

TEST_F(WatcherTest, OnlySshLooksAtAHostBehindAJumpHost) {
  watcher_.set_kind(host_, false, true, now_);
  EXPECT_FALSE(takes_key_look());
  ends(Outcome::already_up);
  EXPECT_EQ(state(), State::up);
  EXPECT_FALSE(takes_ssh_look());
  now_ += 60 * 1.2;
  ends(Outcome::no_answer);
  EXPECT_EQ(state(), State::down);
  now_ += 60 * 1.2;
  ends(Outcome::unlocked);
  EXPECT_EQ(state(), State::unlocked);
  now_ += 60 * 1.2;
  ends(Outcome::already_up);
  EXPECT_EQ(state(), State::up);
}

TEST_F(WatcherTest, NothingStaysInUnlocking) {
  for (const auto outcome :
       {Outcome::unlocked, Outcome::already_up, Outcome::going_down, Outcome::wrong_key, Outcome::unsealed,
        Outcome::unknown_key, Outcome::no_login, Outcome::refused, Outcome::not_asked, Outcome::no_answer,
        Outcome::no_outcome, Outcome::not_seen_again, Outcome::local_fault}) {
    Watcher watcher(Pace{}, 3);
    const auto host = watcher.add({"x", true, false}, 0);
    watcher.looked({host, Answer::identified, "SSH-2.0-x", true, false}, 0);
    ASSERT_EQ(watcher.take_ssh_looks(1, 0).size(), 1U);
    watcher.progressed(host, State::unlocking, "", 0);
    watcher.finished(host, {outcome, "", 0}, 0);
    EXPECT_NE(watcher.status(host).state, State::unlocking) << remote::name_of(outcome);
    // Each is looked at again at some time.
    EXPECT_LT(std::min(watcher.next_key_look(), watcher.next_ssh_look()), 2000) << remote::name_of(outcome);
  }
}

TEST(WatcherStraight, SshLooksAtOnceAfterAReboot) {
  Watcher watcher(Pace{}, 3);
  const std::size_t count = Watcher::kMostRebooting + 1;
  for (std::size_t host = 0; host < count; ++host) (void)watcher.add({"x", true, true}, 0);
  const auto see = [&](std::size_t host, Answer answer, double now) {
    watcher.looked({host, answer, "SSH-2.0-x", false, false}, now);
  };
  see(0, Answer::refused, 1);
  see(0, Answer::identified, 20);
  EXPECT_TRUE(watcher.take_key_looks(8, 20).empty());
  EXPECT_THAT(watcher.take_ssh_looks(8, 20), ElementsAre(0));
  watcher.finished(0, {Outcome::refused, "", 0}, 20);
  // What was refused in this boot is not sent again: only its key is looked at.
  see(0, Answer::refused, 21);
  see(0, Answer::identified, 22);
  EXPECT_TRUE(watcher.take_ssh_looks(8, 22).empty());
  EXPECT_THAT(watcher.take_key_looks(8, 22), ElementsAre(0));
  watcher.shown(0, Shows::initramfs, 22);
  // After the network was down, they are too many.
  for (std::size_t host = 0; host < count; ++host) see(host, Answer::refused, 100);
  see(0, Answer::identified, 200);
  EXPECT_TRUE(watcher.take_ssh_looks(8, 200).empty());
  see(1, Answer::identified, 200);
  EXPECT_THAT(watcher.take_ssh_looks(8, 200), ElementsAre(1));
}

TEST_F(WatcherTest, ThoseThatWaitLongestComeFirst) {
  const auto other = watcher_.add({"db2", true, true}, now_);
  const auto odd = watcher_.add({"db3", false, false}, now_);
  const auto show = [&](std::size_t host) {
    watcher_.looked({host, Answer::identified, "SSH-2.0-x", true, false}, now_);
    ASSERT_THAT(watcher_.take_key_looks(8, now_), ElementsAre(host));
    watcher_.shown(host, Shows::initramfs, now_);
  };
  show(other);
  now_ += 1;
  show(host_);
  EXPECT_THAT(watcher_.take_ssh_looks(1, now_), ElementsAre(other));
  EXPECT_THAT(watcher_.take_ssh_looks(8, now_), ElementsAre(host_, odd));
}

}  // namespace
}  // namespace watch
