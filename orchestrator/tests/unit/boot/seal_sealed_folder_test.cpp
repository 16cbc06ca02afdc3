// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "fakes.hpp"
#include "images.hpp"
#include "seal/new_seal.hpp"
#include "seal/pcr_advice.hpp"
#include "seal/sealed_folder.hpp"
#include "seal/unsealed_setting.hpp"

namespace seal {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

/// A root with an empty /etc/dracut-sshd.
class SealFolders : public testing::Test {
 protected:
  void SetUp() override { base::make_dirs(root_ / "etc/dracut-sshd"); }
  void make(const char* folder, const std::string& credential) const {
    base::make_dirs(root_ / folder);
    base::write_file(root_ / folder / kCredential, credential, 0600);
  }
  [[nodiscard]] std::string credential() const {
    const auto found = read_sealed_folder(root_);
    return found ? found->credential : "none";
  }
  [[nodiscard]] bool has(const char* folder) const { return fs::exists(root_ / folder); }

  base::TempDir folder_{"/tmp", "seal-test."};
  fs::path root_ = folder_.path();
};

TEST_F(SealFolders, SealingIsOnWhereThereIsACredential) {
  EXPECT_FALSE(read_sealed_folder(root_));
  base::make_dirs(root_ / kFolder);
  EXPECT_FALSE(read_sealed_folder(root_));
  make(kFolder, "x");
  base::write_file(root_ / kFolder / kPublic, images::kHostKey);
  base::write_file(root_ / kFolder / kUnsealedPublic, images::kHostKey);
  auto found = read_sealed_folder(root_);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->sealed);
  EXPECT_FALSE(found->unsealed) << "its private half is not there";
  EXPECT_FALSE(found->has_recovery);
  EXPECT_FALSE(found->parsed.credential);
  base::write_file(root_ / kFolder / kUnsealed, "k", 0600);
  base::write_file(root_ / kFolder / kRecovery, "k", 0600);
  found = read_sealed_folder(root_);
  EXPECT_TRUE(found->unsealed);
  EXPECT_TRUE(found->has_recovery);
}

TEST_F(SealFolders, AReplacementComesBackUnlessItIsCommitted) {
  make(kFolder, "old");
  make(kFreshFolder, "new");
  {
    const Replacement replacement(root_);
    EXPECT_EQ(credential(), "new");
  }
  EXPECT_EQ(credential(), "old");
  make(kFreshFolder, "new");
  Replacement(root_).commit();
  EXPECT_EQ(credential(), "new");
  EXPECT_FALSE(has(kFreshFolder));
  EXPECT_FALSE(has(kOldFolder));
}

TEST_F(SealFolders, AFirstOneIsGoneAgainUnlessItIsCommitted) {
  make(kFreshFolder, "new");
  { const Replacement replacement(root_); }
  EXPECT_EQ(credential(), "none");
  EXPECT_FALSE(has(kFolder));
}

TEST_F(SealFolders, ARemovalComesBackUnlessItIsCommitted) {
  make(kFolder, "old");
  {
    const Removal removal(root_);
    EXPECT_TRUE(removal.was_there());
    EXPECT_EQ(credential(), "none");
  }
  EXPECT_EQ(credential(), "old");
  Removal(root_).commit();
  EXPECT_FALSE(has(kFolder));
  EXPECT_FALSE(has(kOldFolder));
  EXPECT_FALSE(Removal(root_).was_there());
}

TEST_F(SealFolders, WhatAnInterruptedRunLeftIsPutRight) {
  make(kOldFolder, "old");  // between the two renames, or within a removal
  make(kFreshFolder, "half");
  recover_sealed_folder(root_);
  EXPECT_EQ(credential(), "old");
  EXPECT_FALSE(has(kFreshFolder));
  make(kOldFolder, "older");  // before the commit
  recover_sealed_folder(root_);
  EXPECT_EQ(credential(), "old");
  EXPECT_FALSE(has(kOldFolder));
  recover_sealed_folder(root_);
}

TEST_F(SealFolders, NoKeyIsMadeWhereRunIsOnADisk) {
  base::make_dirs(root_ / "run");
  struct stat status {};
  ASSERT_EQ(stat((root_ / "run").c_str(), &status), 0);
  try {
    (void)private_folder(root_);
    GTEST_SKIP() << "/tmp is a tmpfs here";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is not a tmpfs"));
  }
}

TEST(UnsealedSetting, IsReadAsTheModuleReadsIt) {
  for (const auto* text : {"UNSEALED_KEY=no\n", "UNSEALED_KEY=no", "  UNSEALED_KEY=\"no\"  \n", "UNSEALED_KEY='no'\n",
                           "HOLD=60\nUNSEALED_KEY=no\nUNSEALED_KEY=auto\n"})
    EXPECT_TRUE(is_without_unsealed_key(text)) << text;
  for (const auto* text :
       {"", "#UNSEALED_KEY=no\n", "UNSEALED_KEY=nothing\n", "UNSEALED_KEY=auto\n", "UNSEALED_KEY=\n"})
    EXPECT_FALSE(is_without_unsealed_key(text)) << text;
}

TEST(UnsealedSetting, IsAddedOnce) {
  EXPECT_EQ(without_unsealed_key(""), "UNSEALED_KEY=no\n");
  EXPECT_EQ(without_unsealed_key("HOLD=60"), "HOLD=60\nUNSEALED_KEY=no\n");
  EXPECT_EQ(without_unsealed_key("UNSEALED_KEY=no\n"), "UNSEALED_KEY=no\n");
}

TEST(PcrAdvice, RefusesWhatIsAnotherValueInTheInitramfs) {
  EXPECT_EQ(why_unfit(*parse_pcrs("7+14+23")), "");
  for (const auto* text : {"9", "10", "7+11", "15"}) EXPECT_NE(why_unfit(*parse_pcrs(text)), "") << text;
}

TEST(PcrAdvice, SaysWhatChangesAndWhatWasNeverMeasured) {
  const base::TempDir root("/tmp", "seal-test.");
  EXPECT_THAT(notes_on(*parse_pcrs("7"), root.path()), IsEmpty());
  EXPECT_THAT(notes_on(*parse_pcrs("4+7+8"), root.path()), testing::ElementsAre(HasSubstr("PCR 4+8 changes")));
  const auto bank = root.path() / "sys/class/tpm/tpm0/pcr-sha256";
  base::make_dirs(bank);
  base::write_file(bank / "7", std::string(64, '0') + "\n");
  base::write_file(bank / "1", std::string(63, '0') + "1\n");
  EXPECT_THAT(notes_on(*parse_pcrs("1+7"), root.path()), testing::ElementsAre(HasSubstr("PCR 7 is zero")));
}

/// systemd-creds as far as it is told by its status and its words.
class FakeCreds final : public base::Runner {
 public:
  base::Outcome run(const base::Command& command, const base::Cancel& /*cancel*/) override {
    calls.push_back(command.argv);
    if (command.argv[1] == "--version") return version;
    return {.status = 1, .tail = "Reading TPM2\nFailed to unseal secret using TPM2: \x1b[31mno\n", .seconds = 0};
  }
  base::Outcome version{.status = 0, .tail = "systemd 252 (252.38-1~deb12u1)\n+PAM +AUDIT", .seconds = 0};
  std::vector<std::vector<std::string>> calls;
};

TEST(SystemdCreds, IsAskedForItsVersionAndForNoMoreThanItHas) {
  if (!fs::exists("/usr/bin/systemd-creds")) GTEST_SKIP() << "systemd-creds is not installed";
  FakeCreds runner;
  const fakes::Context<FakeCreds&> context(runner);
  const SystemdCreds creds("", context);
  EXPECT_EQ(creds.version(), 252U);
  EXPECT_EQ(creds.open("/a", "/b"), "Failed to unseal secret using TPM2: \\x1b[31mno");
  EXPECT_THAT(runner.calls.back(),
              testing::ElementsAre("systemd-creds", "decrypt", "--name=ssh_host_ed25519_key", "/a", "/b"));
  EXPECT_THROW(creds.seal("/a", "/b", {}), base::Error);
  EXPECT_THAT(runner.calls.back(), testing::ElementsAre("systemd-creds", "encrypt", "--name=ssh_host_ed25519_key",
                                                        "--tpm2-pcrs=7", "--with-key=tpm2", "/a", "/b"));
  const SystemdCreds other("swtpm:path=/s", context);
  EXPECT_EQ(other.why_no_tpm(), "");
  Policy policy;
  policy.signer = "/k.pem";
  EXPECT_THROW(other.seal("/a", "/b", policy), base::Error);
  EXPECT_THAT(runner.calls.back(), testing::IsSupersetOf({"--with-key=tpm2-with-public-key", "--tpm2-public-key=/k.pem",
                                                          "--tpm2-public-key-pcrs=11", "--tpm2-device=swtpm:path=/s"}));
  for (const auto* old : {"systemd 249 (249.11)\n", "systemd\n", "", "something else 252\n"}) {
    runner.version.tail = old;
    EXPECT_THROW(SystemdCreds("", context), base::Error) << old;
  }
  runner.version.tail = "systemd 251 (251)\n";
  EXPECT_THROW(SystemdCreds("", context).seal("/a", "/b", policy), base::Error);
}

TEST(SystemdCreds, ADeviceIsOneWord) {
  for (const auto* device : {"", "/dev/tpmrm1", "device:/dev/tpmrm0", "swtpm:path=/run/t"})
    EXPECT_TRUE(is_tpm_device(device)) << device;
  for (const auto* device : {"-x", "a b", "a\nb", "a'b"}) EXPECT_FALSE(is_tpm_device(device)) << device;
}

}  // namespace
}  // namespace seal
