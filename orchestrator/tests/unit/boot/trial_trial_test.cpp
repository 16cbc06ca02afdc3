// SPDX-License-Identifier: GPL-3.0-or-later
#include "trial/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "trial/sandboxed_sshd.hpp"

namespace {

using inspect::Answer;
using inspect::Severity;
using testing::Contains;
using testing::HasSubstr;
using trial::Trial;
using Result = trial::Tried::Result;

inspect::Findings refused() {
  return {{"sshd.login", Severity::error, "PermitRootLogin", ""}, {"network.stack", Severity::good, "", ""}};
}

Severity severity_of(const inspect::Findings& findings, const std::string& id) {
  return std::ranges::find(findings, id, &inspect::Finding::id)->severity;
}

TEST(Trial, ALoginThatWasSeenOverrulesWhatWasRead) {
  Trial seen;
  seen.up = true;
  seen.tried = {{"192.0.2.1", Result::in}};
  const auto findings = with_trial(refused(), seen);
  EXPECT_EQ(severity_of(findings, "sshd.login"), Severity::warning);
  EXPECT_EQ(inspect::answer_of(findings), Answer::will_let_in);
}

TEST(Trial, WhatALoginDoesNotShowStays) {
  Trial seen;
  seen.up = true;
  seen.tried = {{"192.0.2.1", Result::in}};
  for (const auto* id : {"network.stack", "crypt.opens", "sshd.unit"})
    EXPECT_EQ(inspect::answer_of(with_trial({{id, Severity::error, "", ""}}, seen)), Answer::will_not) << id;
  EXPECT_EQ(inspect::answer_of(with_trial({{"sshd.listen", Severity::unknown, "", ""}}, seen)), Answer::cannot_tell);
}

TEST(Trial, ALoginThatWasRefusedOverrulesWhatWasRead) {
  Trial seen;
  seen.up = true;
  seen.tried = {{"192.0.2.1", Result::out}};
  seen.said = {"ROOT LOGIN REFUSED"};
  const auto findings = with_trial({{"sshd.login", Severity::good, "", ""}}, seen);
  EXPECT_EQ(inspect::answer_of(findings), Answer::will_not);
  EXPECT_THAT(findings.back().message, HasSubstr("ROOT LOGIN REFUSED"));
  // A key that nothing could stand for might have been let in.
  seen.left_out = {"SHA256:x sk-ssh-ed25519@openssh.com"};
  EXPECT_EQ(inspect::answer_of(with_trial({}, seen)), Answer::cannot_tell);
}

TEST(Trial, SomeAddressesAndNotOthersCannotBeTold) {
  Trial seen;
  seen.up = true;
  seen.tried = {{"192.0.2.1", Result::in}, {"10.0.0.1", Result::out}};
  const auto findings = with_trial(refused(), seen);
  EXPECT_EQ(inspect::answer_of(findings), Answer::cannot_tell);
  EXPECT_EQ(findings.back().message, "let in from 192.0.2.1; not from 10.0.0.1");
  seen.tried = {{"192.0.2.1", Result::unknown}};
  EXPECT_EQ(inspect::answer_of(with_trial({}, seen)), Answer::cannot_tell);
}

TEST(Trial, WhereNoneCouldRunTheOthersDecide) {
  Trial seen;
  seen.why_not = "bwrap is not installed";
  const auto findings = with_trial(refused(), seen);
  EXPECT_EQ(inspect::answer_of(findings), Answer::will_not);
  EXPECT_EQ(severity_of(findings, "sshd.try"), Severity::note);
  EXPECT_THAT(findings.back().message, HasSubstr("bwrap is not installed"));
}

TEST(Trial, TheSandboxHasNoNetworkAndWritesNothingOfTheHost) {
  trial::Sandboxed sshd;
  sshd.tree = "/scratch/image";
  sshd.keys = "/scratch/keys";
  sshd.sshd = {"/usr/sbin/sshd", "-D"};
  openssh::Connection connection;
  connection.address = "192.0.2.1";
  sshd.attempts = {{connection, "key0"}};
  const auto command = trial::sandboxed(sshd, "/usr/bin");
  const auto words = base::join(command.argv, " ");
  EXPECT_THAT(command.argv, Contains("--unshare-net"));
  EXPECT_THAT(command.argv, testing::Not(Contains("--share-net")));
  EXPECT_THAT(words, HasSubstr("--cap-drop ALL"));
  EXPECT_THAT(words, HasSubstr("--ro-bind /scratch/image /image"));
  // The copy of its /etc is the only folder outside that is bound to be written.
  for (std::size_t at = 0; at + 1 < command.argv.size(); ++at)
    if (command.argv[at] == "--bind" || command.argv[at] == "--dev-bind")
      EXPECT_EQ(command.argv[at + 1], "/scratch/image/etc");
  EXPECT_THAT(command.argv[command.argv.size() - 4], HasSubstr("192.0.2.1/32"));
  EXPECT_TRUE(command.dies_with_parent);
  EXPECT_GT(command.deadline.count(), 0);
  EXPECT_EQ(command.data.at(4), "0 192.0.2.1 198.51.100.2 22 key0\n");
}

}  // namespace
