// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "openssh/authorized_keys.hpp"
#include "openssh_samples.hpp"

namespace {

using openssh::AuthorizedLine;
using openssh::KeyOption;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kNow = 1795000000;  // 2026-11-18
const std::string kKey = samples::kEd25519 + " me";

std::vector<AuthorizedLine> read(const std::string& text) { return openssh::parse_authorized_keys(text, kNow); }

AuthorizedLine only(const std::string& text) {
  const auto all = read(text);
  EXPECT_THAT(all, SizeIs(1)) << text;
  return all.empty() ? AuthorizedLine{} : all.front();
}

std::string fault(const std::string& text) { return only(text).fault; }

TEST(AuthorizedKeys, CommentsAndEmptyLinesAreNoLines) {
  const auto all = read("# one\n\n  \t\n\r\n  # two\n" + kKey + "\n");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].number, 6U);
  EXPECT_THAT(all[0].fault, IsEmpty());
  EXPECT_EQ(all[0].key->comment, "me");
}

TEST(AuthorizedKeys, OptionsAreTakenApartWithTheirQuotes) {
  const auto line = only(R"(no-pty,command="echo \"a, b\" \\ c",Restrict,from="10.0.0.0/8,!10.1.1.1" )" + kKey);
  EXPECT_THAT(line.fault, IsEmpty());
  EXPECT_THAT(line.options, ElementsAre(KeyOption{"no-pty", {}}, KeyOption{"command", R"(echo "a, b" \\ c)"},
                                        KeyOption{"Restrict", {}}, KeyOption{"from", "10.0.0.0/8,!10.1.1.1"}));
  EXPECT_TRUE(line.command().has_value());
  EXPECT_FALSE(line.is_authority());
}

TEST(AuthorizedKeys, EveryOptionThatTheManualNamesIsKnown) {
  for (const auto* option : {"agent-forwarding",
                             "cert-authority",
                             "command=\"x\"",
                             "environment=\"A=b\"",
                             "expiry-time=\"20991231\"",
                             "from=\"*\"",
                             "no-agent-forwarding",
                             "no-port-forwarding",
                             "no-pty",
                             "no-user-rc",
                             "no-X11-forwarding",
                             "permitlisten=\"8080\"",
                             "permitlisten=\"localhost:8080\"",
                             "permitopen=\"[::1]:80\"",
                             "permitopen=\"h:*\"",
                             "port-forwarding",
                             "cert-authority,principals=\"root\"",
                             "pty",
                             "no-touch-required",
                             "verify-required",
                             "restrict",
                             "tunnel=\"0\"",
                             "user-rc",
                             "X11-forwarding"})
    EXPECT_THAT(fault(std::string(option) + ' ' + kKey), IsEmpty()) << option;
}

TEST(AuthorizedKeys, AnOptionThatSshdDoesNotKnowMakesItRefuseTheLine) {
  const auto line = only("no-ptty " + kKey);
  EXPECT_EQ(line.fault, "sshd knows no option \"no-ptty\" (is no-pty meant?), and refuses the line");
  EXPECT_TRUE(line.key);
  EXPECT_THAT(fault("restricted " + kKey), HasSubstr("knows no option"));
  EXPECT_THAT(fault("command=ls " + kKey), HasSubstr("not in double quotes"));
  EXPECT_THAT(fault("pty,,pty " + kKey), HasSubstr("knows no option"));
  EXPECT_THAT(fault("command=\"a\",command=\"b\" " + kKey), HasSubstr("twice"));
  EXPECT_THAT(fault("environment=\"A-B=c\" " + kKey), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(fault("permitopen=\"80\" " + kKey), HasSubstr("HOST:PORT"));
  EXPECT_THAT(fault("permitopen=\"h:70000\" " + kKey), HasSubstr("HOST:PORT"));
  EXPECT_THAT(fault("tunnel=\"x\" " + kKey), HasSubstr("device"));
}

TEST(AuthorizedKeys, AQuoteWithoutAnEndIsAFault) {
  EXPECT_EQ(fault("command=\"x " + kKey), "a quote in its options has no end");
}

TEST(AuthorizedKeys, ABlankBetweenOptionsEndsThem) {
  EXPECT_EQ(fault("no-pty, no-user-rc " + kKey), "a blank stands between its options, where sshd ends them");
}

TEST(AuthorizedKeys, AnExpiryTimeThatHasPassedIsAFault) {
  EXPECT_THAT(fault("expiry-time=\"20261117\" " + kKey), HasSubstr("expired"));
  EXPECT_THAT(fault("expiry-time=\"202611170000Z\" " + kKey), HasSubstr("expired"));
  EXPECT_THAT(fault("expiry-time=\"20991231235959UTC\" " + kKey), IsEmpty());
  EXPECT_THAT(fault("expiry-time=\"20261301\" " + kKey), HasSubstr("is not a time"));
  EXPECT_THAT(fault("expiry-time=\"2026-11-17\" " + kKey), HasSubstr("is not a time"));
  EXPECT_EQ(openssh::absolute_time("19700102000001Z"), 86401U);
  // mktime(3) makes the next month's of a day that a month does not have, and strptime(3) takes up to 31.
  EXPECT_EQ(openssh::absolute_time("20990230"), openssh::absolute_time("20990302"));
  EXPECT_EQ(openssh::absolute_time("20990431"), openssh::absolute_time("20990501"));
  for (const auto* bad : {"20991301", "20990132", "20990100", "2099-01-01"})
    EXPECT_FALSE(openssh::absolute_time(bad).has_value()) << bad;
}

TEST(AuthorizedKeys, AnAuthorityIsFlaggedAndPrincipalsNeedOne) {
  EXPECT_TRUE(only("cert-authority " + kKey).is_authority());
  EXPECT_THAT(fault("principals=\"root\" " + kKey), HasSubstr("not a cert-authority"));
}

TEST(AuthorizedKeys, ACertificateIsNoKeyForThisFile) {
  EXPECT_THAT(fault(samples::kUserCertificate), HasSubstr("a certificate lets nobody in"));
}

TEST(AuthorizedKeys, CrLfDoesNoHarmAndIsNoted) {
  for (const auto& text : {kKey, samples::kEd25519, "restrict " + samples::kEd25519}) {
    const auto line = only(text + "\r\n");
    EXPECT_THAT(line.fault, IsEmpty());
    EXPECT_THAT(line.note, HasSubstr("CR LF"));
  }
}

TEST(AuthorizedKeys, WhatAnEditorPutsBeforeTheTextIsAFault) {
  EXPECT_THAT(fault("\xef\xbb\xbf" + kKey), HasSubstr("byte order mark"));
  EXPECT_THAT(only("\xef\xbb\xbf# mine\n" + kKey).fault, IsEmpty());
  EXPECT_THAT(fault("\xff\xfes\0s\0h\0"), HasSubstr("UTF-16"));
  std::string wide;
  for (const char c : kKey) wide += std::string(1, c) + '\0';
  EXPECT_THAT(fault(wide), HasSubstr("NUL"));
}

TEST(AuthorizedKeys, APrivateKeyIsOneLineWithAFaultAndNothingOfItIsKept) {
  const auto all = read("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n" +
                        kKey + "\n");
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0].fault, HasSubstr("private key"));
  EXPECT_EQ(all[0].fault.find("c2Vj"), std::string::npos);
  EXPECT_EQ(all[1].number, 5U);
  EXPECT_THAT(all[1].fault, IsEmpty());
}

TEST(AuthorizedKeys, KeysOfOtherFormatsAreNamed) {
  EXPECT_THAT(fault("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n"), HasSubstr("RFC 4716"));
  EXPECT_THAT(fault("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-MAC: 00\n"),
              HasSubstr("private key"));
  EXPECT_THAT(fault("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), HasSubstr("PEM"));
  EXPECT_THAT(fault("1024 35 1234567890123456789012345 me"), HasSubstr("protocol 1"));
}

TEST(AuthorizedKeys, AKeyThatIsBrokenOverLinesIsOneFault) {
  auto broken = samples::kRsa;
  broken.insert(200, "\n");
  broken.insert(100, "\r\n");
  const auto all = read(broken + " me\n" + kKey);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].fault, "the key is broken over lines 1 to 3: it must be one line");
  EXPECT_FALSE(all[0].key);
  EXPECT_EQ(all[1].number, 4U);
  EXPECT_THAT(all[1].fault, IsEmpty());
}

TEST(AuthorizedKeys, ABrokenKeyDoesNotTakeTheNextLineWithIt) {
  const auto all = read(samples::kRsa.substr(0, 100) + "\n" + kKey);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0].fault, HasSubstr("its key is"));
  EXPECT_THAT(all[1].fault, IsEmpty());
}

TEST(AuthorizedKeys, WhatIsNoKeyAtAllIsAFault) {
  EXPECT_EQ(fault("restrict"), "there is no key behind its options");
  EXPECT_EQ(fault("hello"), "there is no key on it");
  EXPECT_EQ(fault("hello world"), "there is no key of a type that sshd knows on it");
  EXPECT_EQ(fault("ssh-ed25519"), "its key has a type and nothing behind it");
}

TEST(AuthorizedKeys, ANulEndsALineForSshd) {
  const auto line = only(kKey + std::string("\0 more", 6));
  EXPECT_THAT(line.fault, IsEmpty());
  EXPECT_THAT(line.note, HasSubstr("NUL"));
}

TEST(AuthorizedKeys, MoreLinesThanAreReadAreSaidToBeThere) {
  std::string text;
  for (std::size_t line = 0; line < openssh::kAuthorizedLines + 5; ++line) text += "x\n";
  const auto all = read(text);
  ASSERT_THAT(all, SizeIs(openssh::kAuthorizedLines + 1));
  EXPECT_THAT(all.back().fault, HasSubstr("more lines"));
  EXPECT_THAT(fault(std::string(3 << 20, 'A')), HasSubstr("longer"));
}

}  // namespace
