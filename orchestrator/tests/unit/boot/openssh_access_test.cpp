// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "openssh/access.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/pattern.hpp"
#include "openssh_samples.hpp"

namespace {

using openssh::Answer;
using openssh::Effective;
using openssh::ListMatch;
using openssh::LoginKey;
using openssh::PublicKey;
using openssh::Version;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Version kVersion{9, 2, 1};

Effective effective(const std::string& text, const openssh::Connection& connection = {}) {
  const auto config = openssh::parse_sshd_config(text, "f", [](const std::string&) { return openssh::Included{}; });
  EXPECT_THAT(config.findings, IsEmpty()) << text;
  return openssh::effective(config, connection);
}

PublicKey key(const std::string& line) { return *openssh::parse_public_key(line).key; }

/// "Keyword" for what is certain, "Keyword?" for what is not.
std::vector<std::string> objections(const std::string& text, const std::vector<LoginKey>& keys,
                                    const std::vector<PublicKey>& host_keys = {}, Version version = kVersion) {
  std::vector<std::string> out;
  for (const auto& one : openssh::judge_root_login(effective(text), keys, host_keys, version)) {
    EXPECT_FALSE(one.why.empty() || one.remedy.empty());
    out.push_back(one.keyword + (one.certain ? "" : "?"));
  }
  return out;
}

std::vector<std::string> objections(const std::string& text) { return objections(text, {{key(samples::kEd25519)}}); }

TEST(Patterns, WildcardsAreThoseOfSshd) {
  EXPECT_TRUE(openssh::matches("root", "r*t"));
  EXPECT_TRUE(openssh::matches("root", "?oo*"));
  EXPECT_TRUE(openssh::matches("", "*"));
  EXPECT_FALSE(openssh::matches("root", "roo"));
  EXPECT_FALSE(openssh::matches("root", ""));
  EXPECT_FALSE(openssh::matches(std::string(5000, 'a'), "*a*a*a*a*a*a*a*a*a*a*b"));
}

TEST(Patterns, ADenialInAListWins) {
  EXPECT_EQ(openssh::match_list("root", "a,r*"), ListMatch::matched);
  EXPECT_EQ(openssh::match_list("root", "*,!root"), ListMatch::denied);
  EXPECT_EQ(openssh::match_list("root", "!a"), ListMatch::none);
}

TEST(Patterns, AUserWithAHostIsUndecidedUnlessTheHostIsAny) {
  EXPECT_EQ(openssh::match_user("root", "ro*"), Answer::yes);
  EXPECT_EQ(openssh::match_user("root", "root@*"), Answer::yes);
  EXPECT_EQ(openssh::match_user("root", "root@10.0.0.0/8"), Answer::undecided);
  EXPECT_EQ(openssh::match_user("root", "admin@*"), Answer::no);
  EXPECT_EQ(openssh::match_user("root", "!root"), Answer::no);
  EXPECT_EQ(openssh::match_user("root", "!admin"), Answer::no);
}

TEST(RootLogin, TheDefaultsLetAKeyIn) {
  EXPECT_THAT(objections(""), IsEmpty());
  EXPECT_THAT(objections("PermitRootLogin without-password\nPubkeyAuthentication yes\nAuthenticationMethods any"),
              IsEmpty());
}

TEST(RootLogin, WhatForbidsItIsNamedWithItsLine) {
  const auto all = openssh::judge_root_login(effective("Port 22\nPubkeyAuthentication no\n"), {}, {}, kVersion);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].keyword, "PubkeyAuthentication");
  EXPECT_EQ(all[0].origin, "f:2");
  EXPECT_EQ(all[0].remedy, "PubkeyAuthentication yes");
  EXPECT_TRUE(all[0].certain);
}

TEST(RootLogin, EachKeywordThatForbidsIt) {
  EXPECT_THAT(objections("PermitRootLogin NO"), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections("MaxAuthTries 0"), ElementsAre("MaxAuthTries"));
  EXPECT_THAT(objections("MaxAuthTries 1"), ElementsAre("MaxAuthTries?"));
  EXPECT_THAT(objections("MaxSessions 0"), ElementsAre("MaxSessions"));
  EXPECT_THAT(objections("RefuseConnection yes"), ElementsAre("RefuseConnection"));
  EXPECT_THAT(objections("AuthorizedKeysFile none"), ElementsAre("AuthorizedKeysFile"));
  EXPECT_THAT(objections("AuthorizedKeysFile none\nTrustedUserCAKeys /ca"), IsEmpty());
  EXPECT_THAT(objections("RevokedKeys /r"), ElementsAre("RevokedKeys?"));
  EXPECT_THAT(objections("RevokedKeys none\nChrootDirectory none"), IsEmpty());
  EXPECT_THAT(objections("ChrootDirectory /x"), ElementsAre("ChrootDirectory?"));
  EXPECT_THAT(objections("AuthorizedKeysCommand /x y"), ElementsAre("AuthorizedKeysCommand"));
  EXPECT_THAT(objections("AuthorizedKeysCommand /x y\nAuthorizedKeysCommandUser nobody"), IsEmpty());
}

TEST(RootLogin, UsersAndGroupsAreMatchedOneByOne) {
  EXPECT_THAT(objections("AllowUsers admin"), ElementsAre("AllowUsers"));
  EXPECT_THAT(objections("AllowUsers admin r*"), IsEmpty());
  EXPECT_THAT(objections("AllowUsers admin root@10.0.0.1"), ElementsAre("AllowUsers?"));
  EXPECT_THAT(objections("DenyUsers r*"), ElementsAre("DenyUsers"));
  EXPECT_THAT(objections("DenyUsers root@10.0.0.1"), ElementsAre("DenyUsers?"));
  EXPECT_THAT(objections("AllowGroups wheel"), ElementsAre("AllowGroups"));
  EXPECT_THAT(objections("AllowGroups wheel root"), IsEmpty());
  EXPECT_THAT(objections("DenyGroups ro*"), ElementsAre("DenyGroups"));
  const auto in_wheel = effective("AllowGroups wheel", {"root", {"root", "wheel"}});
  EXPECT_THAT(openssh::judge_root_login(in_wheel, {}, {}, kVersion), IsEmpty());
}

TEST(RootLogin, ForcedCommandsAskForACommandBeforeAKey) {
  const std::string text = "PermitRootLogin forced-commands-only";
  EXPECT_THAT(objections(text), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections(text, {{key(samples::kRsa)}, {key(samples::kEd25519), true}}), IsEmpty());
  EXPECT_THAT(objections(text, {{key(samples::kEd25519), false, true}}), ElementsAre("PermitRootLogin?"));
}

TEST(RootLogin, OneListOfMethodsMustBeAKeyAlone) {
  EXPECT_THAT(objections("AuthenticationMethods publickey,password publickey"), IsEmpty());
  EXPECT_THAT(objections("AuthenticationMethods publickey,password"), ElementsAre("AuthenticationMethods"));
  EXPECT_THAT(objections("AuthenticationMethods publickey,publickey"), ElementsAre("AuthenticationMethods"));
  EXPECT_THAT(objections("AuthenticationMethods publickey,publickey", {{key(samples::kRsa)}, {key(samples::kEcdsa)}}),
              ElementsAre("AuthenticationMethods?"));
}

TEST(RootLogin, AlgorithmsThatLeaveNoKeyForbidIt) {
  const std::vector<LoginKey> rsa{{key(samples::kRsa)}};
  const std::string name = "PubkeyAcceptedAlgorithms ";
  EXPECT_THAT(objections(name + "ssh-ed25519", rsa), ElementsAre("PubkeyAcceptedAlgorithms"));
  EXPECT_THAT(objections(name + "rsa-sha2-512", rsa), IsEmpty());
  EXPECT_THAT(objections(name + "-rsa*", rsa), ElementsAre("PubkeyAcceptedAlgorithms"));
  EXPECT_THAT(objections(name + "+ssh-rsa", rsa), IsEmpty());
  EXPECT_THAT(objections(name + "^ssh-ed25519", rsa), IsEmpty());
  EXPECT_THAT(objections(name + "ssh-ed25519", {rsa[0], {key(samples::kEd25519)}}), IsEmpty());
  EXPECT_THAT(objections(name + "ssh-ed25519", {{key(samples::kAuthority), false, true}}),
              ElementsAre("PubkeyAcceptedAlgorithms"));
  EXPECT_THAT(objections(name + "*-cert-v01@openssh.com", {{key(samples::kAuthority), false, true}}), IsEmpty());
}

TEST(RootLogin, DsaIsNoKeyOfItsOwnAccordAndGoneLater) {
  const std::vector<LoginKey> dsa{{key(samples::kDsa)}};
  EXPECT_THAT(objections("", dsa), ElementsAre("PubkeyAcceptedAlgorithms"));
  EXPECT_THAT(objections("PubkeyAcceptedAlgorithms +ssh-dss", dsa), IsEmpty());
  EXPECT_THAT(objections("PubkeyAcceptedAlgorithms +ssh-dss", dsa, {}, {9, 9, 0}),
              ElementsAre("PubkeyAcceptedAlgorithms?"));
  EXPECT_THAT(objections("PubkeyAcceptedAlgorithms +ssh-dss", dsa, {}, {10, 0, 0}),
              ElementsAre("PubkeyAcceptedAlgorithms"));
}

TEST(RootLogin, AnRsaKeyMustBeLongEnough) {
  EXPECT_THAT(objections("RequiredRSASize 3072", {{key(samples::kRsa)}}), ElementsAre("RequiredRSASize"));
  EXPECT_THAT(objections("RequiredRSASize 2048", {{key(samples::kRsa)}}), IsEmpty());
  EXPECT_THAT(objections("RequiredRSASize 3072", {{key(samples::kRsa)}, {key(samples::kEcdsa)}}), IsEmpty());
  EXPECT_THAT(objections("RequiredRSASize 3072"), IsEmpty());
}

TEST(RootLogin, HostKeysNeedAnAlgorithm) {
  const std::vector<LoginKey> keys{{key(samples::kEd25519)}};
  EXPECT_THAT(objections("HostKeyAlgorithms ssh-ed25519", keys, {key(samples::kRsa)}),
              ElementsAre("HostKeyAlgorithms"));
  EXPECT_THAT(objections("HostKeyAlgorithms rsa-sha2-256", keys, {key(samples::kRsa)}), IsEmpty());
  EXPECT_THAT(objections("HostKeyAlgorithms ssh-ed25519", keys), IsEmpty());
}

TEST(RootLogin, WhatAnUndecidedBlockBringsOrLiftsIsNotCertain) {
  const auto lifted = openssh::judge_root_login(
      effective("PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes"), {}, {}, kVersion);
  ASSERT_THAT(lifted, SizeIs(1));
  EXPECT_FALSE(lifted[0].certain);
  EXPECT_EQ(lifted[0].why, "does not let root in; not so if Match Address 10.0.0.0/8 (f:2) matches");
  const auto brought = openssh::judge_root_login(effective("Match Host x\nPermitRootLogin no"), {}, {}, kVersion);
  ASSERT_THAT(brought, SizeIs(1));
  EXPECT_FALSE(brought[0].certain);
  EXPECT_EQ(brought[0].why, "does not let root in, if Match Host x (f:1) matches");
  EXPECT_THAT(objections("PermitRootLogin no\nMatch Address 10.0.0.0/8\nMaxSessions 1"),
              ElementsAre("PermitRootLogin"));
}

TEST(RootLogin, TheFilesThatKeysAreLookedForInAreNamed) {
  const auto files = [](const std::string& text) { return openssh::authorized_keys_files(effective(text).values); };
  EXPECT_THAT(files(""), ElementsAre("/root/.ssh/authorized_keys", "/root/.ssh/authorized_keys2"));
  EXPECT_THAT(files("AuthorizedKeysFile /etc/k/%u/%U %h/.k ~/a 100%% none"),
              ElementsAre("/etc/k/root/0", "/root/.k", "/root/a", "/root/100%"));
  EXPECT_THAT(files("AuthorizedKeysFile NONE"), IsEmpty());
  EXPECT_THAT(openssh::host_key_files(effective("HostKey /a\nHostKey none").values, {10, 6, 0}), ElementsAre("/a"));
  EXPECT_THAT(openssh::host_key_files(effective("").values, {10, 0, 0}), SizeIs(3));
  EXPECT_THAT(openssh::host_key_files(effective("").values, {10, 6, 0}), SizeIs(4));
}

TEST(Algorithms, WhatAVersionHasDependsOnIt) {
  EXPECT_FALSE(openssh::is_accepted("sk-ssh-ed25519@openssh.com", "*", {8, 1, 0}));
  EXPECT_TRUE(openssh::is_accepted("sk-ssh-ed25519@openssh.com", "", {8, 2, 0}));
  EXPECT_TRUE(openssh::is_accepted("ssh-rsa", "", {8, 7, 0}));
  EXPECT_FALSE(openssh::is_accepted("ssh-rsa", "", {8, 8, 0}));
  EXPECT_TRUE(openssh::is_accepted("ssh-rsa", "ssh-*", {10, 0, 0}));
  EXPECT_FALSE(openssh::is_accepted("ssh-ed25519", "-*", {10, 0, 0}));
  EXPECT_TRUE(openssh::is_accepted("ssh-ed25519", "+", {10, 0, 0}));
}

}  // namespace
