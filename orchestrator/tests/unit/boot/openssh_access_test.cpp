// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "openssh/address.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/key_paths.hpp"
#include "openssh/login.hpp"
#include "openssh/pattern.hpp"
#include "openssh_samples.hpp"

namespace {

using openssh::AddressMatch;
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

openssh::Config config_of(const std::string& text) {
  auto config = openssh::parse_sshd_config(text, "f", [](const std::string&) { return openssh::Included{}; });
  EXPECT_THAT(config.findings, IsEmpty()) << text;
  return config;
}

Effective effective(const std::string& text, const openssh::Connection& connection = {}) {
  return openssh::effective(config_of(text), connection);
}

std::vector<openssh::Objection> judged(const std::string& text, const std::vector<LoginKey>& keys = {},
                                       const std::string& address = "") {
  return openssh::judge_root_login(config_of(text), {}, {keys, {}, kVersion, {}}, address);
}

PublicKey key(const std::string& line) { return *openssh::parse_public_key(line).key; }

/// "Keyword" for what refuses, "Keyword?" for what depends, "Keyword~" for a risk.
std::vector<std::string> objections(const std::string& text, const std::vector<LoginKey>& keys,
                                    const std::vector<PublicKey>& host_keys = {}, Version version = kVersion,
                                    const openssh::CommandJudge& judge = {}) {
  std::vector<std::string> out;
  for (const auto& one : openssh::judge_root_login(config_of(text), {}, {keys, host_keys, version, judge})) {
    EXPECT_FALSE(one.why.empty() || one.remedy.empty());
    out.push_back(one.keyword + (one.weight == openssh::Weight::refuses   ? ""
                                 : one.weight == openssh::Weight::depends ? "?"
                                                                          : "~"));
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

// What the sshd of Debian 12, 13 and 14 did with from= and these addresses: ci/e2e/corpus.
TEST(Addresses, AListIsMatchedAsSshdDoes) {
  struct Tried {
    const char* list;
    AddressMatch here;   // from 10.77.0.1
    AddressMatch there;  // from 192.168.1.32
  };
  using enum AddressMatch;
  for (const auto& [list, here, there] : std::initializer_list<Tried>{{"192.168.1.0/24", none, matched},
                                                                      {"192.168.*", none, matched},
                                                                      {"10.77.0.?", matched, none},
                                                                      {"*", matched, matched},
                                                                      {"0.0.0.0/0,::/0", matched, matched},
                                                                      {"10.77.0.1/24", invalid, invalid},
                                                                      {"10.77.0.0/24,192.168.1.5/24", invalid, invalid},
                                                                      {"10.77.0.0/255.255.255.0", none, none},
                                                                      {"10.77.0.0/33", invalid, invalid},
                                                                      {"!172.16.0.1", none, none},
                                                                      {"!192.168.1.0/24,*", matched, denied},
                                                                      {"*,!10.77.0.1", denied, matched},
                                                                      {"", invalid, invalid},
                                                                      {"10.77.0.1,,192.168.1.32", invalid, invalid},
                                                                      {"admin.example.com", none, none},
                                                                      {"2001:db8::/32", none, none}}) {
    EXPECT_EQ(openssh::match_addresses("10.77.0.1", list), here) << list;
    EXPECT_EQ(openssh::match_addresses("192.168.1.32", list), there) << list;
    EXPECT_EQ(openssh::is_address_list(list), here != invalid) << list;
  }
  EXPECT_EQ(openssh::match_addresses("2001:db8::1", "2001:db8::/32"), matched);
  EXPECT_EQ(openssh::match_host_and_address("pc.example.com", "10.0.0.1", "*.EXAMPLE.com"), matched);
  EXPECT_EQ(openssh::match_host_and_address("10.0.0.1", "10.0.0.1", "*.example.com"), none);
}

TEST(Addresses, SomeThatAListTellsApartAreFound) {
  EXPECT_THAT(openssh::addresses_in("192.168.1.0/24,!10.0.0.1,2001:db8::/64"),
              ElementsAre("192.168.1.1", "192.168.1.254", "10.0.0.1", "2001:db8::1", "2001:db8::ffff:ffff:ffff:fffe"));
  EXPECT_THAT(openssh::addresses_in("192.168.*,10.0.0.?"), ElementsAre("192.168.0.1", "10.0.0.1"));
  EXPECT_THAT(openssh::addresses_in("host.example.com,*.net"), IsEmpty());
}

TEST(RootLogin, TheDefaultsLetAKeyIn) {
  EXPECT_THAT(objections(""), IsEmpty());
  EXPECT_THAT(objections("PermitRootLogin without-password\nPubkeyAuthentication yes\nAuthenticationMethods any"),
              IsEmpty());
}

TEST(RootLogin, WhatForbidsItIsNamedWithItsLine) {
  const auto all = judged("Port 22\nPubkeyAuthentication no\n");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].keyword, "PubkeyAuthentication");
  EXPECT_EQ(all[0].origin, "f:2");
  EXPECT_EQ(all[0].remedy, "PubkeyAuthentication yes");
  EXPECT_EQ(all[0].weight, openssh::Weight::refuses);
}

TEST(RootLogin, EachKeywordThatForbidsIt) {
  EXPECT_THAT(objections("PermitRootLogin NO"), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections("MaxAuthTries 0"), ElementsAre("MaxAuthTries"));
  EXPECT_THAT(objections("MaxAuthTries 1"), ElementsAre("MaxAuthTries~"));
  EXPECT_THAT(objections("MaxSessions 0"), ElementsAre("MaxSessions"));
  EXPECT_THAT(objections("RefuseConnection yes"), ElementsAre("RefuseConnection"));
  EXPECT_THAT(objections("AuthorizedKeysFile none"), ElementsAre("AuthorizedKeysFile"));
  EXPECT_THAT(objections("AuthorizedKeysFile none\nTrustedUserCAKeys /ca"), IsEmpty());
  EXPECT_THAT(objections("PerSourceMaxStartups 0"), ElementsAre("PerSourceMaxStartups"));
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
  openssh::Connection connection;
  connection.groups = {"root", "wheel"};
  EXPECT_THAT(openssh::judge_root_login(config_of("AllowGroups wheel"), connection, {}), IsEmpty());
  // sshd refuses whom it finds in no group at all, even where only others are denied.
  connection.groups.clear();
  EXPECT_THAT(openssh::judge_root_login(config_of("AllowGroups root"), connection, {}), SizeIs(1));
  EXPECT_THAT(openssh::judge_root_login(config_of("DenyGroups nobody"), connection, {}), SizeIs(1));
}

TEST(RootLogin, AnEmptyListOfUsersWasNoneUpTo97) {
  for (const auto* keyword : {"AllowUsers", "DenyUsers", "AllowGroups", "DenyGroups"}) {
    const auto text = std::string(keyword) + " # nobody";
    EXPECT_THAT(objections(text), IsEmpty());
    EXPECT_THAT(openssh::unknown_to(config_of(text), {9, 2, 1}), IsEmpty());
    EXPECT_THAT(openssh::unknown_to(config_of(text), {9, 8, 0}), SizeIs(1));
  }
}

TEST(RootLogin, ForcedCommandsAskForACommandBeforeAKey) {
  const std::string text = "PermitRootLogin forced-commands-only";
  EXPECT_THAT(objections(text), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections(text, {{key(samples::kRsa)}, {key(samples::kEd25519), false, "unlock", {}}}), IsEmpty());
  EXPECT_THAT(objections(text, {{key(samples::kEd25519), true, {}, {}}}), ElementsAre("PermitRootLogin?"));
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
  EXPECT_THAT(objections(name + "ssh-ed25519", {{key(samples::kAuthority), true, {}, {}}}),
              ElementsAre("PubkeyAcceptedAlgorithms"));
  EXPECT_THAT(objections(name + "*-cert-v01@openssh.com", {{key(samples::kAuthority), true, {}, {}}}), IsEmpty());
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

TEST(RootLogin, WhatDependsOnTheAddressSaysOnWhich) {
  const auto opened = judged("PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes");
  ASSERT_THAT(opened, SizeIs(1));
  EXPECT_EQ(opened[0].weight, openssh::Weight::depends);
  EXPECT_THAT(opened[0].why, HasSubstr("does not let root in, for 172.31.253.77, "));
  EXPECT_THAT(opened[0].why, HasSubstr("; not for 10.0.0.1, "));
  EXPECT_THAT(objections("Match Address 0.0.0.0/0,::/0\nPermitRootLogin no"), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections("PermitRootLogin no\nMatch Address 10.0.0.0/8\nMaxSessions 1"),
              ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections("Match LocalPort 22\nPermitRootLogin no"), ElementsAre("PermitRootLogin"));
  EXPECT_THAT(objections("Match LocalPort 2222\nPermitRootLogin no"), IsEmpty());
  EXPECT_THAT(objections("Port 22\nPort 2222\nMatch LocalPort 2222\nPermitRootLogin no"),
              ElementsAre("PermitRootLogin?"));
  EXPECT_THAT(objections("Match LocalAddress 10.0.0.5\nPermitRootLogin no"), ElementsAre("PermitRootLogin?"));
  // A name is an address, unless UseDNS is on.
  EXPECT_THAT(objections("Match Host *.example.com\nPermitRootLogin no"), IsEmpty());
  EXPECT_THAT(objections("UseDNS yes\nMatch Host *.example.com\nPermitRootLogin no"), ElementsAre("PermitRootLogin?"));
}

TEST(RootLogin, WhoSaysWhereTheyComeFromGetsAnAnswer) {
  const std::string text = "PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes";
  EXPECT_THAT(judged(text, {}, "10.1.2.3"), IsEmpty());
  const auto refused = judged(text, {}, "192.0.2.1");
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].weight, openssh::Weight::refuses);
}

TEST(RootLogin, AKeyIsWorthWhatItsFirstLineWithAFittingAddressIs) {
  const auto ed25519 = key(samples::kEd25519);
  const openssh::CommandJudge judge = [](std::string_view command) -> openssh::CommandUse {
    using enum openssh::CommandUse::Kind;
    if (command == "unlock") return {};
    return {command == "what" ? unknown : useless, "unlocks nothing"};
  };
  const auto said = [&](const std::vector<LoginKey>& keys, const std::string& text = "") {
    return objections(text, keys, {}, kVersion, judge);
  };
  EXPECT_THAT(said({{ed25519, false, "false", {}}, {ed25519, false, {}, {}}}), ElementsAre("command"));
  EXPECT_THAT(said({{ed25519, false, {}, {}}, {ed25519, false, "false", {}}}), IsEmpty());
  EXPECT_THAT(said({{ed25519, false, "unlock", {}}}), IsEmpty());
  EXPECT_THAT(said({{ed25519, false, "what", {}}}), ElementsAre("command?"));
  EXPECT_THAT(said({{ed25519, false, {}, "10.0.0.0/8"}}), ElementsAre("from?"));
  EXPECT_THAT(said({{ed25519, false, {}, "admin.example.com"}}), ElementsAre("from"));
  EXPECT_THAT(said({{ed25519, false, {}, "10.0.0.0/8"}, {ed25519, false, "false", {}}}), ElementsAre("command?"));
  EXPECT_THAT(said({{ed25519, false, {}, "10.0.0.0/8"}, {key(samples::kRsa), false, {}, {}}}), IsEmpty());
  EXPECT_THAT(said({{ed25519, false, "unlock", {}}}, "ForceCommand false"), ElementsAre("ForceCommand"));
  EXPECT_THAT(said({{ed25519, false, "false", {}}}, "ForceCommand unlock"), IsEmpty());
}

// Seen with the sshd of Debian 12 and the client of OpenSSH 9.2.
TEST(RootLogin, AServerWithoutAnAlgorithmOfTodayIsReachedByNobody) {
  EXPECT_THAT(objections("Ciphers aes256-cbc"), ElementsAre("Ciphers"));
  EXPECT_THAT(objections("Ciphers aes256-cbc,aes256-ctr"), IsEmpty());
  EXPECT_THAT(objections("Ciphers -*"), ElementsAre("Ciphers"));
  EXPECT_THAT(objections("KexAlgorithms diffie-hellman-group14-sha1"), ElementsAre("KexAlgorithms"));
  EXPECT_THAT(objections("KexAlgorithms -*"), ElementsAre("KexAlgorithms"));
  EXPECT_THAT(objections("MACs hmac-md5"), IsEmpty());  // the cipher that is chosen needs none
  EXPECT_THAT(objections("Ciphers aes256-ctr\nMACs hmac-md5"), ElementsAre("MACs"));
  const std::vector<LoginKey> keys{{key(samples::kEd25519)}};
  EXPECT_THAT(objections("HostKeyAlgorithms ssh-rsa", keys, {key(samples::kRsa)}), ElementsAre("HostKeyAlgorithms"));
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
