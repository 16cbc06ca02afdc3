// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "openssh/config_check.hpp"
#include "openssh/config_line.hpp"
#include "openssh/effective.hpp"
#include "openssh/sshd_config.hpp"

// What is expected here was compared with sshd -T of OpenSSH 10.0 (and 9.2, where it knows the keyword).

namespace {

using openssh::Config;
using openssh::Version;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Files = std::map<std::string, std::optional<std::string>>;

/// Patterns are looked up as they are: a test names its files by the pattern that finds them.
Config parse(const std::string& text, const Files& files = {}) {
  return openssh::parse_sshd_config(text, "main", [&files](const std::string& pattern) -> openssh::Included {
    const auto found = files.find(pattern);
    return found == files.end() ? openssh::Included{} : openssh::Included{{found->first, found->second}};
  });
}

std::vector<std::string> findings(const Config& config) {
  std::vector<std::string> out;
  for (const auto& one : config.findings) out.push_back((one.fatal ? "" : "warning: ") + to_string(one));
  return out;
}

std::string value(const std::string& text, const std::string& keyword, const Files& files = {}) {
  return openssh::argument_of(openssh::effective(parse(text, files)).values, keyword, "(none)");
}

std::vector<std::string> all(const std::string& text, const std::string& keyword, const Files& files = {}) {
  return openssh::all_arguments(openssh::effective(parse(text, files)).values, keyword);
}

TEST(SshdConfigLine, KeywordAndArgumentsArePartedAsSshdPartsThem) {
  const auto arguments = [](const std::string& line) { return openssh::tokens_of(line).arguments; };
  EXPECT_THAT(arguments("Port 22"), ElementsAre("22"));
  EXPECT_THAT(arguments("Port=22"), ElementsAre("22"));
  EXPECT_THAT(arguments("Port \t= 22"), ElementsAre("22"));
  EXPECT_THAT(arguments("Port==22"), ElementsAre("=22"));
  EXPECT_THAT(arguments("\"Port\" 22"), ElementsAre("22"));
  EXPECT_THAT(arguments("AllowUsers a  'b c' \"d e\" f\\ g h\\\"i j#k #l"),
              ElementsAre("a", "b c", "d e", "f g", "h\"i", "j#k"));
  EXPECT_THAT(arguments("AllowUsers \"\" x"), ElementsAre("", "x"));
  EXPECT_TRUE(openssh::tokens_of("AllowUsers \"a").bad_quotes);
  EXPECT_EQ(openssh::tokens_of("Po\"rt\"22").keyword, "Port");
  EXPECT_THAT(openssh::tokens_of("\"Port 22").keyword, IsEmpty());
  EXPECT_THAT(openssh::tokens_of("# Port 22").keyword, IsEmpty());
}

TEST(SshdConfigLine, LineEndsAndNulsAreThoseOfSshd) {
  const auto lines = openssh::config_lines(std::string("a\r\n\tb \f\n\nc\0x\nd", 15), 10);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0].text, "a");
  EXPECT_EQ(lines[1].text, "b");
  EXPECT_EQ(lines[3].text, "cd");
  EXPECT_EQ(lines[3].number, 4U);
}

TEST(SshdConfig, TheFirstValueIsInForce) {
  EXPECT_EQ(value("PermitRootLogin no\npermitrootlogin yes\n", "permitrootlogin"), "no");
  EXPECT_THAT(all("AuthorizedKeysFile a b\nAuthorizedKeysFile c", "authorizedkeysfile"), ElementsAre("a", "b"));
  EXPECT_THAT(all("SetEnv A=1\nSetEnv B=2", "setenv"), ElementsAre("A=1"));
}

TEST(SshdConfig, SomeKeywordsAddUp) {
  EXPECT_THAT(all("Port 22\nPort 2222", "port"), ElementsAre("22", "2222"));
  EXPECT_THAT(all("AllowUsers a b\nAllowUsers c", "allowusers"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(all("HostKey /a\nHostDSAKey /b", "hostkey"), ElementsAre("/a", "/b"));
  EXPECT_THAT(all("AcceptEnv A\nAcceptEnv B*", "acceptenv"), ElementsAre("A", "B*"));
}

TEST(SshdConfig, OfSomeTheLastLineIsInForce) {
  EXPECT_EQ(value("MaxStartups 1\nMaxStartups 10:30:60", "maxstartups"), "10:30:60");
}

TEST(SshdConfig, AliasesAreKeptUnderTheirNewNames) {
  EXPECT_EQ(
      value("ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes", "kbdinteractiveauthentication"),
      "no");
  EXPECT_EQ(value("PubkeyAcceptedKeyTypes ssh-rsa", "pubkeyacceptedalgorithms"), "ssh-rsa");
  EXPECT_EQ(value("DSAAuthentication no", "pubkeyauthentication"), "no");
  EXPECT_EQ(value("KeepAlive no", "tcpkeepalive"), "no");
}

TEST(SshdConfig, AMatchingBlockTakesThePlaceOfWhatStandsOutside) {
  EXPECT_EQ(value("PermitRootLogin no\nMatch User root\nPermitRootLogin yes", "permitrootlogin"), "yes");
  EXPECT_EQ(value("PermitRootLogin no\nMatch User !root,*\nPermitRootLogin yes", "permitrootlogin"), "no");
  EXPECT_EQ(value("PermitRootLogin no\nMatch User r?ot Group wheel,root\nPermitRootLogin yes", "permitrootlogin"),
            "yes");
  EXPECT_EQ(value("Match Group root\nPermitRootLogin yes\nMatch User root\nPermitRootLogin no", "permitrootlogin"),
            "yes");
  EXPECT_THAT(all("AllowUsers a\nMatch User root\nAllowUsers b\nMatch Group root\nAllowUsers c", "allowusers"),
              ElementsAre("b", "c"));
}

TEST(SshdConfig, MatchAllIsReadInBothRounds) {
  EXPECT_EQ(value("PermitRootLogin no\nMatch all\nPermitRootLogin yes", "permitrootlogin"), "yes");
  EXPECT_EQ(value("Match all\nUsePAM no", "usepam"), "no");
  EXPECT_THAT(findings(parse("Match User root\nUsePAM no")),
              ElementsAre("main:2: UsePAM is not allowed in a Match block"));
}

TEST(SshdConfig, ABlockIsInForceForTheConnectionsThatItNames) {
  const auto config = parse(
      "PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes\nMatch User root LocalPort 2222\n"
      "MaxAuthTries 1\nMatch User x Host y\nMaxAuthTries 2\nMatch Address *\nMaxAuthTries 3");
  openssh::Connection connection;
  const auto value_of = [&](std::string_view keyword) {
    return openssh::argument_of(openssh::effective(config, connection).values, keyword, "");
  };
  EXPECT_EQ(value_of("permitrootlogin"), "no");
  EXPECT_EQ(value_of("maxauthtries"), "3");
  connection.address = "10.1.2.3";
  EXPECT_EQ(value_of("permitrootlogin"), "yes");
  connection.local_port = 2222;
  EXPECT_EQ(value_of("maxauthtries"), "1");
}

// sshd ends: "Invalid Match address argument".
TEST(SshdConfig, AListOfAddressesThatIsNoneEndsSshd) {
  for (const auto* list : {"10.77.0.1/16", "10.77.0.0/40", "10.77.0.1,"}) {
    EXPECT_THAT(parse(std::string("Match Address ") + list + "\nX11Forwarding no").findings, SizeIs(1)) << list;
    EXPECT_THAT(parse(std::string("Match LocalAddress ") + list + "\nX11Forwarding no").findings, SizeIs(1)) << list;
  }
  EXPECT_THAT(parse("Match Address admin.example.com\nX11Forwarding no").findings, IsEmpty());
  EXPECT_THAT(parse("AllowUsers root@10.77.0.1/16").findings, SizeIs(1));
}

TEST(SshdConfig, IncludedFilesStandWhereTheyAreIncluded) {
  const Files files{{"/etc/ssh/d/*.conf", "PermitRootLogin yes\n"},
                    {"/x", "Port 1\nMatch User nobody\nMaxSessions 0\n"}};
  const std::string text = "Include d/*.conf /x /none\nPermitRootLogin no\n";
  EXPECT_EQ(value(text, "permitrootlogin", files), "yes");
  EXPECT_EQ(openssh::effective(parse(text, files)).values.at("permitrootlogin")[0].origin, "/etc/ssh/d/*.conf:1");
  EXPECT_THAT(parse(text, files).findings, IsEmpty());
}

TEST(SshdConfig, AMatchInAnIncludedFileEndsWithIt) {
  const Files files{{"/x", "Match User nobody\nMaxSessions 0\n"}};
  EXPECT_EQ(value("Include /x\nMaxSessions 5", "maxsessions", files), "5");
  EXPECT_EQ(value("Match User root\nInclude /x\nMaxSessions 5", "maxsessions", files), "5");
}

TEST(SshdConfig, AMatchInAnIncludedFileNeedsTheOneAroundTheInclude) {
  const Files files{{"/x", "Match all\nMaxSessions 0\n"}};
  EXPECT_EQ(value("Match User nobody\nInclude /x", "maxsessions", files), "(none)");
  EXPECT_EQ(value("Match User root\nInclude /x", "maxsessions", files), "0");
}

TEST(SshdConfig, ALoopOfIncludesEnds) {
  const auto config = parse("Include /x", {{"/x", "Include /x /x /x\n"}});
  EXPECT_TRUE(config.cut);
  EXPECT_THAT(findings(config), ElementsAre("/x:1: files include files, more than 16 deep: a loop, perhaps"));
}

TEST(SshdConfig, AFileThatCannotBeReadIsAFinding) {
  EXPECT_THAT(findings(parse("Include /x", {{"/x", std::nullopt}})),
              ElementsAre("main:1: /x cannot be read, and sshd ends at that"));
}

TEST(SshdConfig, WhatEndsSshdIsAFinding) {
  EXPECT_THAT(
      findings(parse("PermitRootLogn yes\nPort\nPermitRootLogin maybe\nPubkeyAuthentication on\n"
                     "MaxAuthTries x\nLoginGraceTime 3x\nPort 0\nPort 22 23\nAllowUsers \"a\n"
                     "AuthorizedKeysCommand x\nFoo\n")),
      ElementsAre("main:1: unknown keyword PermitRootLogn (is permitrootlogin meant?)", "main:2: Port has no argument",
                  "main:3: PermitRootLogin: \"maybe\" is none of yes, no, prohibit-password, without-password, "
                  "forced-commands-only",
                  "main:4: PubkeyAuthentication: \"on\" is none of yes, no",
                  "main:5: MaxAuthTries: \"x\" is not a number", "main:6: LoginGraceTime: \"3x\" is not a time",
                  "main:7: Port: \"0\" is not a port", "main:8: Port: it has more than one argument",
                  "main:9: AllowUsers: a quote has no end",
                  "main:10: AuthorizedKeysCommand: \"x\" is neither an absolute path nor none",
                  "main:11: Foo has no argument"));
}

TEST(SshdConfig, WhatSshdOnlyWarnsOfIsNotFatal) {
  EXPECT_THAT(findings(parse("UsePrivilegeSeparation yes\nRSAAuthentication yes\nProtocol 2\n")),
              ElementsAre("warning: main:1: UsePrivilegeSeparation is deprecated: it does nothing",
                          "warning: main:2: RSAAuthentication is deprecated: it does nothing"));
}

TEST(SshdConfig, AMatchThatIsNoneMatchesNobody) {
  const std::string text =
      "Match Foo bar\nMaxSessions 0\nMatch User\nMaxSessions 1\nMatch all User root\nMaxSessions 2";
  EXPECT_THAT(findings(parse(text)),
              ElementsAre("main:1: Match knows no criterion \"Foo\"", "main:3: the criterion \"user\" has no argument",
                          "main:5: \"all\" cannot stand beside other criteria"));
  EXPECT_EQ(value(text, "maxsessions"), "(none)");
}

TEST(SshdConfig, WhatAnEditorPutsBeforeTheTextIsAFinding) {
  EXPECT_THAT(findings(parse("\xef\xbb\xbfPort 22")), ElementsAre(HasSubstr("byte order mark")));
  EXPECT_THAT(findings(parse("\xff\xfeP")), ElementsAre(HasSubstr("UTF-16")));
}

TEST(SshdConfig, TimesAreThoseOfTheManual) {
  EXPECT_EQ(openssh::seconds_of("600"), 600);
  EXPECT_EQ(openssh::seconds_of("1h30m"), 5400);
  EXPECT_EQ(openssh::seconds_of("1W"), 604800);
  for (const auto* bad : {"", "m", "-1", "1x", "99999999999", "9999999w", "1m1"})
    EXPECT_EQ(openssh::seconds_of(bad).has_value(), std::string(bad) == "1m1") << bad;
}

TEST(SshdConfig, WhatIsNewerThanAnSshdEndsIt) {
  const auto unknown = [](const std::string& text, Version version) {
    std::vector<std::string> out;
    for (const auto& one : openssh::unknown_to(parse(text), version)) out.push_back(to_string(one));
    return out;
  };
  const std::string text =
      "PerSourcePenalties no\nRequiredRSASize 2048\nPort 22 # here\nMatch invalid-user\nMaxSessions 1";
  EXPECT_THAT(unknown(text, {10, 0, 1}), IsEmpty());
  EXPECT_THAT(unknown(text, {9, 2, 1}),
              ElementsAre("main:1: PerSourcePenalties came with OpenSSH 9.8, and 9.2p1 ends at it",
                          "main:4: Match invalid-user came with OpenSSH 9.9, and 9.2p1 ends at it"));
  EXPECT_THAT(unknown(text, {8, 0, 1}), SizeIs(4));
  EXPECT_THAT(unknown("PubkeyAcceptedKeyTypes ssh-rsa\nPermitRootLogin yes\nForceCommand a # b", {8, 0, 1}), IsEmpty());
  EXPECT_THAT(unknown("DebianBanner no", {10, 0, 1}), ElementsAre(HasSubstr("patched sshd alone")));
  EXPECT_THAT(unknown("Subsystem sftp internal-sftp\nSubsystem sftp /x", {9, 2, 1}), ElementsAre(HasSubstr("twice")));
  EXPECT_THAT(unknown("Subsystem sftp internal-sftp\nSubsystem sftp /x", {9, 5, 0}), IsEmpty());
  EXPECT_THAT(unknown("AuthenticationMethods gssapi-with-mic publickey", {9, 2, 1}), ElementsAre(HasSubstr("GSSAPI")));
}

TEST(SshdConfig, EveryKeywordLeadsToOneThatIsItsOwnName) {
  for (const auto& keyword : openssh::all_keywords()) {
    EXPECT_EQ(openssh::find_keyword(keyword.name), &keyword) << keyword.name << " stands there twice";
    const auto* target = openssh::find_keyword(keyword.canonical);
    ASSERT_NE(target, nullptr) << keyword.name;
    EXPECT_EQ(target->canonical, target->name);
    EXPECT_EQ(target->merge, keyword.merge) << keyword.name;
  }
}

TEST(SshdConfig, TooMuchOfItEndsWithAFinding) {
  std::string text;
  for (std::size_t line = 0; line < openssh::kConfigLines; ++line) text += "Port 1\n";
  const auto config = parse("Include /x /x\n", {{"/x", text}});
  EXPECT_TRUE(config.cut);
  EXPECT_THAT(findings(config), ElementsAre(HasSubstr("more lines")));
  EXPECT_THAT(parse(std::string(100'000, '\n') + "Foo x\n").findings, SizeIs(1));
}

}  // namespace
