// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.hpp"
#include "base/files.hpp"
#include "fakes.hpp"
#include "publish/site_keys.hpp"

namespace {

using base::Error;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr std::int64_t kNow = 1'800'000'000;

/// A keyring in which each key is one letter.
class SiteKeysTest : public testing::Test {
 protected:
  struct Kept {
    bool secret = true, revoked = false, trusted = true;
  };
  static std::string name(char letter) { return std::string(40, letter); }

  SiteKeysTest() {
    context_.environment = {{"HOME", "/home/a"}};
    catalog_.url = "https://packages.example.org";
    catalog_.fingerprint = name('A');
  }
  publish::SiteKeys keys(const std::string& sign, const std::string& next = "") {
    const signing::Gnupg gnupg(context_);
    return publish::site_keys({sign, next}, catalog_, "/srv/site", gnupg, kNow);
  }

  std::map<char, Kept> ring_ = {{'A', {}}, {'B', {}}};
  repos::Catalog catalog_;
  fakes::Context<> context_{[this](const base::Command& command) {
    if (command.stdout_to.empty()) return base::Outcome{};
    const bool secret = std::ranges::find(command.argv, "--list-secret-keys") != command.argv.end();
    std::string listing;
    for (const auto& [letter, kept] : ring_) {
      if (secret && !kept.secret) continue;
      listing += fmt::format("{}:{}:4096:1:0123456789ABCDEF:1700000000:::{}:::scSC:::{}:::23::0:\nfpr:::::::::{}:\n",
                             secret ? "sec" : "pub", kept.revoked ? "r" : "u", kept.trusted ? "u" : "-",
                             kept.secret ? "+" : "", name(letter));
    }
    base::write_file(command.stdout_to, listing);
    return base::Outcome{};
  }};
};

TEST_F(SiteKeysTest, TheSitesOwnKeyGoesOnAndNothingElseIsAsked) {
  const auto found = keys("");
  EXPECT_EQ(found.present.primary.fingerprint, name('A'));
  EXPECT_FALSE(found.switches());
  EXPECT_THAT(found.trusted(), ElementsAre(name('A')));
  EXPECT_FALSE(found.old_signer);
}

TEST_F(SiteKeysTest, AnotherKeyMustHaveBeenAnnounced) {
  EXPECT_THAT([&] { (void)keys(name('B')); }, ThrowsMessage<Error>(HasSubstr("is signed with " + name('A'))));
  ring_['C'] = {};
  catalog_.next = name('C');
  EXPECT_THAT([&] { (void)keys(name('B')); }, ThrowsMessage<Error>(HasSubstr("is signed with")));
}

TEST_F(SiteKeysTest, AnAnnouncedKeyIsTrustedAndSignsNothing) {
  const auto found = keys("", name('B'));
  EXPECT_EQ(found.present.primary.fingerprint, name('A'));
  EXPECT_EQ(found.next, name('B'));
  EXPECT_THAT(found.trusted(), ElementsAre(name('A'), name('B')));
  catalog_.next = name('B');
  EXPECT_EQ(keys("").next, name('B'));
  EXPECT_EQ(keys("", "none").next, "");
  EXPECT_THAT([&] { (void)keys("", name('A')); }, ThrowsMessage<Error>(HasSubstr("has that key already")));
}

TEST_F(SiteKeysTest, AfterTheSwitchTheOldKeySignsBesideTheNewOneWhileItCan) {
  catalog_.next = name('B');
  auto found = keys(name('B'));
  EXPECT_TRUE(found.switches());
  EXPECT_EQ(found.before, name('A'));
  EXPECT_EQ(found.next, "");
  EXPECT_THAT(found.old, ElementsAre(name('A')));
  ASSERT_TRUE(found.old_signer);
  EXPECT_EQ(found.old_signer->primary.fingerprint, name('A'));
  ring_['A'].secret = false;
  found = keys(name('B'));
  EXPECT_FALSE(found.old_signer);
  EXPECT_THAT(found.trusted(), ElementsAre(name('B'), name('A')));
}

TEST_F(SiteKeysTest, TheOldKeyLeavesWhenNothingNeedsIt) {
  catalog_.fingerprint = name('B');
  catalog_.old = {name('A')};
  ring_['A'].secret = false;
  auto found = keys("");
  repos::Published entry;
  entry.signed_with = name('A');
  catalog_.entries = {entry};
  publish::forget_unused(found, catalog_);
  EXPECT_THAT(found.old, ElementsAre(name('A')));
  catalog_.entries.front().signed_with = name('B');
  publish::forget_unused(found, catalog_);
  EXPECT_THAT(found.old, IsEmpty());
}

TEST_F(SiteKeysTest, AKeyOfSomebodyElseIsNotTakenForTheSites) {
  catalog_.next = name('B');
  ring_['A'] = {false, false, false};
  EXPECT_THAT([&] { (void)keys(name('B')); }, ThrowsMessage<Error>(HasSubstr("not known as a key of yours")));
  ring_.erase('A');
  EXPECT_THAT([&] { (void)keys(name('B')); }, ThrowsMessage<Error>(HasSubstr("not known as a key of yours")));
}

TEST_F(SiteKeysTest, ARevokedKeyDoesNotSignAndAnotherOneBeginsAnew) {
  ring_['A'].revoked = true;
  EXPECT_THAT([&] { (void)keys(""); }, ThrowsMessage<Error>(HasSubstr("it is revoked")));
  const auto found = keys(name('B'));
  EXPECT_TRUE(found.begins_anew);
  EXPECT_THAT(found.revoked, ElementsAre(name('A')));
  EXPECT_THAT(found.trusted(), ElementsAre(name('B')));
  // Once it is known to be, it is no news.
  catalog_.fingerprint = name('B');
  catalog_.revoked = {name('A')};
  EXPECT_FALSE(keys("").begins_anew);
  EXPECT_THAT(keys("").revoked, ElementsAre(name('A')));
}

TEST_F(SiteKeysTest, AnAnnouncedKeyThatIsRevokedIsWithdrawn) {
  catalog_.next = name('B');
  ring_['B'].revoked = true;
  const auto found = keys("");
  EXPECT_EQ(found.next, "");
  EXPECT_THAT(found.revoked, ElementsAre(name('B')));
  EXPECT_THAT(found.warning, AllOf(HasSubstr(name('B')), HasSubstr("withdrawn")));
  EXPECT_FALSE(found.begins_anew);
}

}  // namespace
