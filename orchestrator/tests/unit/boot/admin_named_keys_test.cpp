// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/named_keys.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "openssh_samples.hpp"

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::uint64_t kNow = 1'800'000'000;  // in 2027

TEST(NamedKeys, AreLinesAndFilesOfLines) {
  const base::TempDir folder(base::temp_parent(), "named-keys-");
  const auto file = (folder.path() / "keys").string();
  const auto tied = "restrict,from=\"10.0.0.0/8\" " + samples::kEd25519 + " two";
  base::write_file(file, "# mine\n\n  " + tied + "  \n");
  EXPECT_THAT(admin::named_keys({samples::kEd25519 + " one", file}, kNow),
              ElementsAre(samples::kEd25519 + " one", tied));
  EXPECT_THAT(admin::named_keys({}, kNow), ElementsAre());
}

TEST(NamedKeys, AreRefusedWhereTheyLetNobodyIn) {
  const base::TempDir folder(base::temp_parent(), "named-keys-");
  const auto file = [&](const std::string& text) {
    base::write_file(folder.path() / "keys", text);
    return (folder.path() / "keys").string();
  };
  const auto refused = [](const std::string& option, const std::string& why) {
    EXPECT_THAT([&] { (void)admin::named_keys({option}, kNow); }, ThrowsMessage<base::Error>(HasSubstr(why))) << option;
  };
  refused("/no/such/file", "cannot be read");
  refused(file(""), "has no key");
  refused(file("hello\n"), "line 1: ");
  refused(file("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"), "is a private key");
  refused("-----BEGIN OPENSSH PRIVATE KEY----- AAAA", "is a private key");
  refused("expiry-time=\"20260101\" " + samples::kEd25519, "expired: expiry-time is 20260101");
  refused(file(samples::kEd25519 + "\nexpiry-time=\"20260101\" " + samples::kEd25519 + "\n"), "line 2: expired");
  EXPECT_THAT(admin::named_keys({"expiry-time=\"20990101\" " + samples::kEd25519}, kNow), testing::SizeIs(1));
}

}  // namespace
