// SPDX-License-Identifier: GPL-3.0-or-later
#include <fnmatch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "networkd/address.hpp"
#include "networkd/config_text.hpp"

namespace networkd {
namespace {

ConfigText read_of(std::string_view text) {
  ConfigText out;
  read_config(text, out);
  return out;
}

TEST(NetworkdConfigText, TheLastValueOfASettingCounts) {
  const auto config = read_of("[Network]\nDHCP=yes\n# DHCP=ipv6\n; a comment\n  DHCP = no \r\n");
  EXPECT_EQ(config.fault, "");
  EXPECT_EQ(last_value(config, "Network", "DHCP"), "no");
  EXPECT_EQ(last_value(config, "Network", "dhcp"), std::nullopt);
}

TEST(NetworkdConfigText, ALineIsContinuedBehindABackslashAndOverComments) {
  EXPECT_EQ(last_value(read_of("[A]\nB=one \\\n# no\ntwo\n"), "A", "B"), "one  two");
  EXPECT_EQ(last_value(read_of("[A]\nB=one\\\\\nC=two\n"), "A", "C"), "two");
}

TEST(NetworkdConfigText, ABrokenHeaderOrTextEndsTheFileAndOtherLinesAreIgnored) {
  EXPECT_EQ(read_of("[A]\nB=1\n[C\nD=2\n").fault, "line 3: a section's name without its bracket");
  EXPECT_EQ(read_of("[A]\nB=\xff\n").fault, "line 2: it is not UTF-8");
  const auto config = read_of("B=0\n[A]\nno setting\n=1\nB=2\n");
  EXPECT_EQ(config.fault, "");
  EXPECT_EQ(config.settings.size(), 1U);
}

TEST(NetworkdConfigText, WordsHaveQuotesAndKeepBackslashes) {
  EXPECT_THAT(words_of(" a \"b c\" 'd'  e\\ f "), testing::ElementsAre("a", "b c", "d", "e\\ f"));
  EXPECT_THAT(words_of("a \"b"), testing::ElementsAre("a"));
}

TEST(NetworkdConfigText, APatternMatchesAsFnmatchHasIt) {
  for (const std::string pattern :
       {"*", "eth*", "*0", "e?h0", "eth[0-3]", "eth[!0]", "eth[^1]", "e*t*h*0", "eth\\0", "[]a]x", "eth[", "", "eth0",
        "[[:alpha:]]*", "*[[:digit:]]", "a*b*c", "**", "?", "*?*?"}) {
    for (const std::string text : {"eth0", "eth4", "lo", "", "e", "ax", "]x", "eth[", "abc", "aXbXc", "abcb", "ethh0"})
      EXPECT_EQ(glob_matches(pattern, text), fnmatch(pattern.c_str(), text.c_str(), 0) == 0) << pattern << " " << text;
  }
}

TEST(NetworkdConfigText, APatternOfManyStarsEndsSoon) {
  std::string pattern;
  for (int count = 0; count < 60; ++count) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(120, 'a')));
}

TEST(NetworkdAddress, APrefixIsAnAddressAndALengthOfItsFamily) {
  EXPECT_EQ(text_of(prefix_of("192.0.2.5/24").value()), "192.0.2.5/24");
  EXPECT_EQ(text_of(prefix_of("192.0.2.5").value()), "192.0.2.5/32");
  EXPECT_EQ(text_of(prefix_of("2001:DB8::5/64").value()), "2001:db8::5/64");
  for (const auto* text :
       {"", "192.0.2.500/24", "192.0.2.5/33", "192.0.2.5/", "192.0.2.5/x", "2001:db8::5/129", "192.0.2/24", "host/24"})
    EXPECT_FALSE(prefix_of(text).has_value()) << text;
}

TEST(NetworkdAddress, APrefixCoversItsOwnNetworkAlone) {
  const auto covers = [](const char* prefix, const char* address) {
    return prefix_of(prefix).value().covers(address_of(address).value());
  };
  EXPECT_TRUE(covers("198.51.100.5/24", "198.51.100.1"));
  EXPECT_FALSE(covers("198.51.100.5/32", "198.51.100.1"));
  EXPECT_TRUE(covers("2001:db8:1::5/48", "2001:db8:1:ffff::1"));
  EXPECT_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
}

}  // namespace
}  // namespace networkd
