// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "fleet/passphrases.hpp"

namespace fleet {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Passphrases, ACommandIsToldForWhichMachineAndDisk) {
  base::Cancel cancel;
  PassphraseCommand source("printf '%s|%s|%s|%s' \"$HOST\" \"$DISK\" \"$MESSAGE\" \"$UNIT\"", "db1",
                           std::chrono::seconds(20));
  const remote::Question question{"systemd-cryptsetup@a.service", "cryptsetup:/dev/vda2", "passphrase for a"};
  EXPECT_EQ(source.passphrase(&question, cancel).view(),
            "db1|cryptsetup:/dev/vda2|passphrase for a|systemd-cryptsetup@a.service");
  EXPECT_EQ(source.passphrase(nullptr, cancel).view(), "db1|||");
}

TEST(Passphrases, ACommandThatHangsIsEnded) {
  base::Cancel cancel;
  PassphraseCommand source("exec sleep 100", "db1", std::chrono::seconds(1));
  EXPECT_THAT([&] { (void)source.passphrase(nullptr, cancel); },
              ThrowsMessage<base::Error>(HasSubstr("no line within 1 s")));
}

TEST(Passphrases, ACommandThatHangsBehindItsLineIsEnded) {
  base::Cancel cancel;
  PassphraseCommand source("echo x; exec >/dev/null; exec sleep 100", "db1", std::chrono::seconds(1));
  EXPECT_THROW((void)source.passphrase(nullptr, cancel), base::Error);
}

TEST(Passphrases, ACredentialIsTheFirstLineOfAFileInItsDirectory) {
  base::Cancel cancel;
  const base::TempDir folder("/tmp", "credentials.");
  base::write_file(folder.path() / "db1", "open sesame\nmore\n");
  const std::map<std::string, std::string> environment{{"CREDENTIALS_DIRECTORY", folder.path().string()}};
  PassphraseFile source(credential_file("db1", environment));
  EXPECT_EQ(source.passphrase(nullptr, cancel).view(), "open sesame");
  for (const auto* name : {"", ".", "..", "../db1", "a/b"})
    EXPECT_THROW((void)credential_file(name, environment), base::Error) << name;
  EXPECT_THAT([] { (void)credential_file("db1", {}); },
              ThrowsMessage<base::Error>(HasSubstr("there is no $CREDENTIALS_DIRECTORY")));
  PassphraseFile missing(credential_file("db2", environment));
  EXPECT_THROW((void)missing.passphrase(nullptr, cancel), base::Error);
  PassphraseFile directory(folder.path());
  EXPECT_THROW((void)directory.passphrase(nullptr, cancel), base::Error);
}

TEST(Passphrases, ATypedOneIsForAll) {
  base::Cancel cancel;
  const remote::Secret typed(std::string("open sesame"));
  TypedPassphrase source(typed);
  EXPECT_FALSE(source.by_question());
  EXPECT_EQ(source.passphrase(nullptr, cancel).view(), "open sesame");
  EXPECT_EQ(source.passphrase(nullptr, cancel).view(), typed.view());
}

}  // namespace
}  // namespace fleet
