// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "signing/keyring.hpp"

namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kPrimary(40, 'A');
const std::string kSub(40, 'B');

/// A line of gpg's listing: type, validity, created, expires, capabilities, secret.
std::string line(const std::string& type, const std::string& validity, const std::string& created,
                 const std::string& expires, const std::string& capabilities, const std::string& secret) {
  return type + ":" + validity + ":4096:1:0123456789ABCDEF:" + created + ":" + expires + "::u:::" + capabilities +
         ":::" + secret + ":::23::0:\n";
}
std::string fingerprint(const std::string& digits) { return "fpr:::::::::" + digits + ":\n"; }

signing::Key only(const std::string& listing) {
  auto keys = signing::read_keys(listing);
  EXPECT_EQ(keys.size(), 1U);
  return keys.empty() ? signing::Key{} : keys.front();
}

std::string why(const std::string& listing) {
  const auto fault = signing::obstacle(only(listing), kNow);
  return fault ? fault->why : "";
}

TEST(Keyring, reads_a_key_its_subkeys_and_users) {
  const auto key = only("tru::1:1700000000:0:3:1:5\n" + line("sec", "u", "1700000000", "1900000000", "scESC", "+") +
                        fingerprint(kPrimary) +
                        "grp:::::::::0123:\nuid:u::::1700000000::HASH::A \\x3a Packager <a@example.org>::::::::::0:\n" +
                        "uid:r::::1700000000::HASH::gone <gone@example.org>::::::::::0:\n" +
                        line("ssb", "u", "1710000000", "", "s", "D2760001") + fingerprint(kSub));
  EXPECT_EQ(key.primary.fingerprint, kPrimary);
  EXPECT_EQ(key.primary.algorithm, "rsa4096");
  EXPECT_EQ(key.primary.expires, 1'900'000'000);
  EXPECT_TRUE(key.primary.can_certify);
  EXPECT_EQ(key.users, std::vector<std::string>{"A : Packager <a@example.org>"});
  ASSERT_EQ(key.subkeys.size(), 1U);
  EXPECT_TRUE(key.subkeys.front().has_secret) << "a card's serial number stands for a secret";
  EXPECT_EQ(signing::obstacle(key, kNow), std::nullopt);
  EXPECT_EQ(signing::signer(key, kNow).fingerprint, kSub) << "gpg takes the subkey first";
}

TEST(Keyring, a_curve_is_the_name_of_an_algorithm) {
  EXPECT_EQ(only("sec:u:256:22:0123456789ABCDEF:1700000000:::u:::scSC:::+::ed25519:::0:\n" + fingerprint(kPrimary))
                .primary.algorithm,
            "ed25519");
}

TEST(Keyring, dates_may_be_written_out) {
  EXPECT_EQ(only(line("sec", "u", "1700000000", "20990101T000010", "sc", "+") + fingerprint(kPrimary)).primary.expires,
            4'070'908'810);
}

TEST(Keyring, says_why_a_key_cannot_sign) {
  const auto end = fingerprint(kPrimary);
  EXPECT_EQ(why(line("sec", "u", "1700000000", "", "sc", "+") + end), "");
  EXPECT_EQ(why(line("sec", "r", "1700000000", "", "sc", "+") + end), "it is revoked");
  EXPECT_EQ(why(line("sec", "u", "1700000000", "", "scD", "+") + end), "it is disabled");
  EXPECT_EQ(why(line("sec", "e", "1700000000", "1799999999", "sc", "+") + end), "it expired on 2027-01-15");
  EXPECT_EQ(why(line("sec", "u", "1800000001", "", "sc", "+") + end),
            "it was created on 2027-01-15, which is still to come");
  EXPECT_EQ(why(line("sec", "u", "1700000000", "", "sc", "#") + end), "its secret part is not here");
  EXPECT_EQ(why(line("sec", "u", "1700000000", "", "c", "+") + end),
            "no part of it may sign, or those that might are expired or revoked");
}

TEST(Keyring, a_dead_subkey_does_not_sign) {
  const auto primary = line("sec", "u", "1700000000", "", "c", "+") + fingerprint(kPrimary);
  EXPECT_NE(why(primary + line("ssb", "r", "1700000000", "", "s", "+") + fingerprint(kSub)), "");
  EXPECT_NE(why(primary + line("ssb", "e", "1700000000", "1750000000", "s", "+") + fingerprint(kSub)), "");
  EXPECT_EQ(why(primary + line("ssb", "u", "1700000000", "", "s", "+") + fingerprint(kSub)), "");
}

TEST(Keyring, of_several_subkeys_the_newest_signs) {
  const std::string newer(40, 'C');
  const auto key = only(line("sec", "u", "1700000000", "", "sc", "+") + fingerprint(kPrimary) +
                        line("ssb", "u", "1720000000", "", "s", "+") + fingerprint(newer) +
                        line("ssb", "u", "1710000000", "", "s", "+") + fingerprint(kSub));
  EXPECT_EQ(signing::signer(key, kNow).fingerprint, newer);
}

TEST(Keyring, what_is_no_listing_is_no_key) {
  EXPECT_TRUE(signing::read_keys("").empty());
  EXPECT_TRUE(signing::read_keys("fpr:::::::::" + kPrimary + ":\nuid:u::::\nssb:\n::::\nsec\n").empty());
  EXPECT_TRUE(
      signing::read_keys(line("sec", "u", "x", "99999999999999999999", "sc", "+") + fingerprint("0123")).empty());
}

TEST(Keyring, a_short_name_is_no_fingerprint) {
  EXPECT_TRUE(signing::is_fingerprint(kPrimary));
  EXPECT_TRUE(signing::is_fingerprint(std::string(64, '0')));
  for (const auto* text : {"", "0123456789ABCDEF", "a@example.org"})
    EXPECT_FALSE(signing::is_fingerprint(text)) << text;
  EXPECT_FALSE(signing::is_fingerprint(std::string(40, 'a')));
}

TEST(Keyring, the_end_of_a_key_is_that_of_the_part_that_signs_when_that_is_sooner) {
  const auto day = [](std::int64_t days) { return std::to_string(kNow + days * 86400); };
  const auto primary = [&](const std::string& end) {
    return line("sec", "u", "1700000000", end, "sc", "+") + fingerprint(kPrimary);
  };
  const auto with_subkey = [&](const std::string& end, const std::string& sub) {
    return only(primary(end) + line("ssb", "u", "1710000000", sub, "s", "+") + fingerprint(kSub));
  };
  EXPECT_EQ(signing::good_until(only(primary("")), kNow), 0);
  EXPECT_EQ(signing::good_until(only(primary(day(100))), kNow), kNow + 100 * 86400);
  EXPECT_EQ(signing::good_until(with_subkey(day(100), day(50)), kNow), kNow + 50 * 86400);
  EXPECT_EQ(signing::good_until(with_subkey("", day(50)), kNow), kNow + 50 * 86400);
  EXPECT_EQ(signing::good_until(with_subkey(day(100), ""), kNow), kNow + 100 * 86400);
  EXPECT_EQ(signing::good_until(with_subkey(day(100), day(-1)), kNow), kNow + 100 * 86400) << "it signs no longer";
}

TEST(Keyring, a_key_is_warned_of_from_ninety_days_before_its_end) {
  const auto said = [](std::int64_t days) {
    return signing::expiry_warning(
        only(line("sec", "u", "1700000000", std::to_string(kNow + days * 86400), "sc", "+") + fingerprint(kPrimary)),
        kNow);
  };
  EXPECT_EQ(said(91), "");
  EXPECT_EQ(said(90), "the key " + kPrimary + " expires on 2027-04-15, in 90 days");
  EXPECT_EQ(said(-1), "the key " + kPrimary + " expired on 2027-01-14");
  EXPECT_EQ(signing::expiry_warning(only(line("sec", "u", "1700000000", "", "sc", "+") + fingerprint(kPrimary)), kNow),
            "");
}

}  // namespace
