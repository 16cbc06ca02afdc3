// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "fakes.hpp"
#include "submit/submitter.hpp"

namespace {

using namespace std::chrono_literals;
using services::Answer;
using services::RemoteState;
using submit::Handed;
using testing::ElementsAre;
using testing::HasSubstr;

/// A service whose standing is what its client prints.
class Post final : public services::Service {
 public:
  [[nodiscard]] std::string_view name() const override { return "post"; }
  [[nodiscard]] std::vector<model::Tool> tools() const override { return {}; }
  [[nodiscard]] bool takes(const model::Profile&) const override { return true; }
  void check(const services::SubmitTarget&) const override {}
  [[nodiscard]] std::vector<services::Submission> submissions(
      const services::SubmitTarget&, const std::vector<services::BuiltRelease>&) const override {
    return {};
  }
  [[nodiscard]] std::string refusal(const services::Submission&, const std::vector<services::Reply>& replies,
                                    const std::filesystem::path&) const override {
    return replies.front().status == 0 ? "" : "it is stale";
  }
  [[nodiscard]] Answer answer(const services::Submission&, const std::vector<services::Reply>& replies) const override {
    const auto& said = replies.back().out;
    Answer out;
    if (said == "there") out.standing = RemoteState::there;
    if (said == "building") out.standing = RemoteState::under_way;
    if (said == "failed") out.standing = RemoteState::failed;
    out.states = {{"place", said}};
    return out;
  }
  [[nodiscard]] std::string remedy(const services::Submission&, services::Failure) const override {
    return "the remedy";
  }
};

struct SubmitterTest : testing::Test {
  SubmitterTest() {
    submission.what = "x-1";
    submission.to = "there";
    submission.ask = {{{"ask"}}};
    submission.send = {{{"send"}}};
    context.runner.set([this](const base::Command& command) {
      ran.push_back(command.argv.front());
      auto& script = replies[command.argv.front()];
      if (script.empty()) return base::Outcome{};
      const auto reply = script.front();
      script.pop_front();
      base::write_file(command.stdout_to, reply.out);
      base::write_file(command.log, reply.talk);
      base::Outcome outcome;
      outcome.status = reply.status;
      return outcome;
    });
  }

  submit::SubmitResult hand_over(bool wait = true) {
    submit::Submitter::Setting setting;
    setting.environment = {{"PATH", "/usr/bin"}};
    setting.wait = wait;
    setting.tries = 3;
    setting.chance = [] { return 1.0; };
    submit::Submitter submitter(service, context, setting);
    return submitter.hand_over(submission, folder.path() / "submission",
                               {[this] { ran.emplace_back("plain"); },
                                [this](bool without) { ran.emplace_back(without ? "signed without" : "signed"); }});
  }

  base::TempDir folder{base::temp_parent(), "submitter."};
  Post service;
  services::Submission submission;
  std::map<std::string, std::deque<services::Reply>> replies;
  std::vector<std::string> ran;
  fakes::Context<> context;
};

TEST_F(SubmitterTest, HandsOverWhatIsNotThere) {
  EXPECT_EQ(hand_over().verdict, Handed::submitted);
  EXPECT_THAT(ran, ElementsAre("plain", "ask", "send"));
}

TEST_F(SubmitterTest, DoesNothingWhenItIsThere) {
  replies["ask"] = {{0, "there", "", false}};
  EXPECT_EQ(hand_over().verdict, Handed::unchanged);
  EXPECT_THAT(ran, ElementsAre("plain", "ask"));
}

TEST_F(SubmitterTest, AsksAgainBeforeItHandsOverAgain) {
  replies["ask"] = {{0, "", "", false}, {0, "there", "", false}};
  replies["send"] = {{1, "", "Connection reset by peer", false}};
  EXPECT_EQ(hand_over().verdict, Handed::unchanged);
  EXPECT_THAT(ran, ElementsAre("plain", "ask", "send", "plain", "ask"));
  EXPECT_THAT(context.clock.pauses(), ElementsAre(1000ms));
  EXPECT_THAT(context.console.lines().back(), HasSubstr("Connection reset by peer; trying again in 1.0 s (2 of 3)"));
}

TEST_F(SubmitterTest, GivesUpAfterSoManyTries) {
  replies["ask"] = std::deque<services::Reply>(9, {1, "", "HTTP Error 503: x", false});
  try {
    (void)hand_over();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("HTTP 503"));
    EXPECT_THAT(error.hint(), HasSubstr("tried 3 times"));
  }
  EXPECT_THAT(context.clock.pauses(), ElementsAre(1000ms, 2000ms));
}

TEST_F(SubmitterTest, WaitsAsLongAsTheServiceAsksFor) {
  replies["ask"] = {{1, "", "HTTP Error 429\nRetry-After: 40", false}};
  EXPECT_EQ(hand_over().verdict, Handed::submitted);
  EXPECT_THAT(context.clock.pauses(), ElementsAre(40'000ms));
}

TEST_F(SubmitterTest, DoesNotTryAgainWhatIsDenied) {
  replies["ask"] = {{1, "", "HTTP Error 401: x", false}};
  EXPECT_THROW((void)hand_over(), submit::Denied);
  EXPECT_TRUE(context.clock.pauses().empty());
}

TEST_F(SubmitterTest, DoesNotTryAgainWhatIsFinal) {
  replies["send"] = {{1, "", "no such project", false}};
  try {
    (void)hand_over();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "x-1: send: no such project");
    EXPECT_EQ(error.hint(), "the remedy");
  }
}

TEST_F(SubmitterTest, ARefusedCheckHandsNothingOver) {
  submission.check = {{{"check"}, ".", true}};
  replies["check"] = {{1, "", "", false}};
  EXPECT_THROW((void)hand_over(), base::Error);
  EXPECT_THAT(ran, ElementsAre("plain", "ask", "check"));
}

TEST_F(SubmitterTest, WaitsForABuildAndTellsEachStateOnce) {
  submission.builds = true;
  replies["ask"] = {{0, "", "", false},
                    {0, "", "", false},
                    {0, "building", "", false},
                    {0, "building", "", false},
                    {1, "", "HTTP Error 502", false},
                    {0, "there", "", false}};
  EXPECT_EQ(hand_over().verdict, Handed::submitted);
  const auto lines = context.console.lines();
  EXPECT_EQ(std::ranges::count(lines, "post: x-1: place: building"), 1);
}

TEST_F(SubmitterTest, ABuildThatFailsIsAFailure) {
  submission.builds = true;
  replies["ask"] = {{0, "", "", false}, {0, "failed", "", false}};
  EXPECT_EQ(hand_over().verdict, Handed::failed);
}

TEST_F(SubmitterTest, WithoutWaitingABuildThatRunsIsEnough) {
  submission.builds = true;
  replies["ask"] = {{0, "building", "", false}};
  EXPECT_EQ(hand_over(false).verdict, Handed::under_way);
}

TEST_F(SubmitterTest, AReceiptOfTheClientIsEnough) {
  submission.receipt = "x-1_source.";
  base::make_dirs(folder.path() / "submission");
  base::write_file(folder.path() / "submission/x-1_source.host.upload", "done\n");
  EXPECT_EQ(hand_over().verdict, Handed::unchanged);
  EXPECT_TRUE(ran.empty());
}

TEST_F(SubmitterTest, WhatIsSignedIsSignedOnlyWhenItIsHandedOver) {
  submission.sign = true;
  EXPECT_EQ(hand_over().verdict, Handed::submitted);
  EXPECT_THAT(ran, ElementsAre("plain", "ask", "signed", "send"));
}

TEST(ClientEnvironment, HasNothingThatNoClientNeeds) {
  const auto environment = submit::client_environment(
      {{"HOME", "/home/a"}, {"SECRET_TOKEN", "x"}, {"SSH_AUTH_SOCK", "/s"}, {"PATH", "/evil"}}, "/usr/bin");
  EXPECT_EQ(environment.at("HOME"), "/home/a");
  EXPECT_EQ(environment.at("SSH_AUTH_SOCK"), "/s");
  EXPECT_EQ(environment.at("PATH"), "/usr/bin");
  EXPECT_FALSE(environment.contains("SECRET_TOKEN"));
}

}  // namespace
