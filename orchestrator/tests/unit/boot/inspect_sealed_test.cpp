// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "base/files.hpp"
#include "images.hpp"
#include "inspect/check.hpp"
#include "inspect/client.hpp"
#include "inspect/gather.hpp"
#include "seal/sealed_folder.hpp"

namespace inspect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kSealedPublic =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILSOeG7gS2DF7TpdNPDgcq0Fehiv3qtECHU+fIqqqxdu initramfs\n";

std::string credential(const std::string& name) {
  return base::read_file(std::string(PROJECT_ROOT) + "/orchestrator/tests/fuzz/seeds/credential_fuzz/" + name, 65536);
}

/// With all that opens a sealed host key; the key in the clear is the unsealed one.
images::Files sealed_image() {
  auto files = images::good();
  images::put(files, seal::kImageCredential, credential("tpm2-pcr7.cred"), 0100600);
  images::put(files, seal::kImagePublic, kSealedPublic);
  images::put(files, "usr/lib/dracut-sshd/unseal", "#!/bin/sh\n", 0100755);
  images::put(files, "usr/lib/systemd/system/dracut-sshd-unseal.service",
              "[Service]\nExecStart=/usr/lib/dracut-sshd/unseal\n");
  images::link(files, "etc/systemd/system/sshd.service.wants/dracut-sshd-unseal.service",
               "/usr/lib/systemd/system/dracut-sshd-unseal.service");
  images::put(files, "usr/bin/systemd-creds", images::elf("creds"), 0100755);
  for (const auto* name : {"libtss2-esys.so.0", "libtss2-mu.so.0", "libtss2-rc.so.0", "libtss2-tcti-device.so.0"})
    images::put(files, std::string("usr/lib/x86_64-linux-gnu/") + name, images::elf("library"));
  images::put(files, "usr/lib/modules/6.12.0/kernel/drivers/char/tpm/tpm_crb.ko.xz", "");
  return files;
}

Findings sealed_findings(const images::Files& files, const std::filesystem::path& host = {}) {
  Options options;
  options.now = 1764000000;
  if (!host.empty()) options.host = host;
  const auto image = images::image_of(files);
  Findings out;
  for (auto& finding : check_all(gather(image, options))) {
    if (finding.id.starts_with("hostkeys.")) out.push_back(std::move(finding));
  }
  return out;
}

/// Of hostkeys.sealed, as "SEVERITY MESSAGE".
std::vector<std::string> told_of_seal(const Findings& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) {
    if (finding.id == "hostkeys.sealed" || finding.id == "hostkeys.opens")
      out.push_back(std::string(name_of(finding.severity)) + " " + finding.message);
  }
  return out;
}

TEST(SealedCheck, SaysWhatTheKeyIsSealedTo) {
  EXPECT_THAT(told_of_seal(sealed_findings(sealed_image())), ElementsAre("ok PCR 7 (sha256)"));
  EXPECT_THAT(told_of_seal(sealed_findings(images::good())), testing::IsEmpty());
}

TEST(SealedCheck, BothKeysHaveNamesForClients) {
  const auto image = images::image_of(sealed_image());
  const Options options;
  const auto client = client_of(gather(image, options));
  EXPECT_THAT(client.known_hosts,
              ElementsAre("HOST-initramfs " + kSealedPublic.substr(0, kSealedPublic.rfind(' ')),
                          "HOST-initramfs-unsealed " + images::kHostKey.substr(0, images::kHostKey.size() - 1)));
  EXPECT_EQ(client.clear_alias, "HOST-initramfs-unsealed");
}

TEST(SealedCheck, WhateverIsMissingLeavesTheUnsealedKeyAndIsAWarning) {
  const std::vector<std::pair<std::string, std::string>> lacking{
      {"usr/bin/systemd-creds", "systemd-creds is not in it"},
      {"usr/lib/x86_64-linux-gnu/libtss2-rc.so.0", "libtss2-rc.so.0 is not in it"},
      {"usr/lib/dracut-sshd/unseal", "dracut-sshd-unseal.service is not in it"},
      {"usr/lib/systemd/system/dracut-sshd-unseal.service", "dracut-sshd-unseal.service is not in it"},
      {"etc/systemd/system/sshd.service.wants/dracut-sshd-unseal.service", "sshd.service does not want it"},
      {seal::kImagePublic, "is not a public key"},
      {"usr/lib/modules/6.12.0/kernel/drivers/char/tpm/tpm_crb.ko.xz", "no driver for a TPM"}};
  for (const auto& [path, words] : lacking) {
    auto files = sealed_image();
    files.erase(path);
    EXPECT_THAT(
        told_of_seal(sealed_findings(files)),
        ElementsAre(testing::AllOf(HasSubstr("warning "), HasSubstr("shows the unsealed one"), HasSubstr(words))))
        << path;
    files.erase("etc/ssh/ssh_host_ed25519_key");
    const auto findings = sealed_findings(files);
    EXPECT_EQ(answer_of(findings), Answer::will_not) << path;
    EXPECT_THAT(told_of_seal(findings), ElementsAre(testing::AllOf(HasSubstr("error "), HasSubstr(words)))) << path;
  }
}

TEST(SealedCheck, ACredentialThatCannotBeOpenedThereIsSaid) {
  for (const auto& [text, words] :
       std::vector<std::pair<std::string, std::string>>{{"garbage!", "is not base64"},
                                                        {"", "is empty"},
                                                        {credential("host.cred"), "the secret of the real root"},
                                                        {credential("host-tpm2.cred"), "the secret of the real root"},
                                                        {credential("null.cred"), "not sealed to a TPM"}}) {
    auto files = sealed_image();
    files.at(seal::kImageCredential).body = text;
    EXPECT_THAT(told_of_seal(sealed_findings(files)),
                testing::Contains(testing::AllOf(HasSubstr("warning "), HasSubstr(words))));
  }
}

TEST(SealedCheck, WithoutAnUnsealedKeyItDependsOnTheTpm) {
  auto files = sealed_image();
  files.erase("etc/ssh/ssh_host_ed25519_key");
  EXPECT_THAT(told_of_seal(sealed_findings(files)),
              ElementsAre("ok PCR 7 (sha256)", HasSubstr("warning there is no unsealed host key")));
}

TEST(SealedCheck, AKeyThatLiesThereInTheClearAsWellIsSaid) {
  auto files = sealed_image();
  files.at(seal::kImagePublic).body = images::kHostKey;
  EXPECT_THAT(told_of_seal(sealed_findings(files)), testing::Contains(HasSubstr("once more, in the clear")));
}

TEST(SealedCheck, TheSystemsOwnFolderIsCompared) {
  const base::TempDir host("/tmp", "sealed-test.");
  base::make_dirs(host.path() / seal::kFolder);
  base::write_file(host.path() / seal::kFolder / seal::kCredential, credential("tpm2-pcr7.cred"));
  EXPECT_THAT(told_of_seal(sealed_findings(sealed_image(), host.path())), ElementsAre("ok PCR 7 (sha256)"));
  EXPECT_THAT(told_of_seal(sealed_findings(images::good(), host.path())), ElementsAre(HasSubstr("the image has none")));
  base::write_file(host.path() / seal::kFolder / seal::kCredential, credential("tpm2-pcr0-7-23.cred"));
  EXPECT_THAT(told_of_seal(sealed_findings(sealed_image(), host.path())),
              ElementsAre(HasSubstr("another sealed host key"), "ok PCR 7 (sha256)"));
}

}  // namespace
}  // namespace inspect
