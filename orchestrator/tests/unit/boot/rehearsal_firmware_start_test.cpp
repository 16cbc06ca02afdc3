// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "images.hpp"
#include "initramfs/signature_list.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"
#include "openssh/wire.hpp"
#include "rehearsal/firmware_start.hpp"
#include "rehearsal/secure_boot_keys.hpp"
#include "signed_pe.hpp"

namespace rehearsal {
namespace {

using images::put;
using testing::HasSubstr;

const signed_pe::Signer& signer() {
  static const signed_pe::Signer one("Machine Owner");
  return one;
}

initramfs::PeSignature signature() {
  initramfs::PeSignature out;
  out.subject = out.issuer = "Machine Owner";
  out.certificate = signer().der;
  out.issuer_name = signer().name_der;
  out.fingerprint = base::sha256(signer().der);
  return out;
}

images::Files with_tmpfiles() {
  auto files = images::good();
  put(files, "usr/bin/systemd-tmpfiles", "tmpfiles", 0100755);
  put(files, "usr/lib/systemd/system/systemd-tmpfiles-setup.service", "[Service]\nImportCredential=tmpfiles.*\n");
  images::link(files, "usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
               "../systemd-tmpfiles-setup.service");
  return files;
}

TEST(FirmwareStart, TheVersionOfTheStubIsInTheImage) {
  initramfs::Image image;
  EXPECT_EQ(stub_version(image), 0U);
  image.sections[".sdmagic"] = "#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####";
  EXPECT_EQ(stub_version(image), 257U);
  image.sections[".sdmagic"] = "#### LoaderInfo: systemd-stub v252 ####";
  EXPECT_EQ(stub_version(image), 0U);
}

TEST(FirmwareStart, AKeyIsAppendedByTheImagesOwnTmpfiles) {
  const auto files = with_tmpfiles();
  const auto image = images::image_of(files);
  const inspect::Options options;
  const auto facts = inspect::gather(image, options);
  const auto words = words_for_key(facts, "ssh-ed25519 AAAA rehearsal\n");
  constexpr std::string_view kBegin = "systemd.set_credential_binary=tmpfiles.extra:";
  ASSERT_TRUE(words.starts_with(kBegin)) << words;
  EXPECT_EQ(words.substr(kBegin.size()),
            openssh::base64_encode("w+ /root/.ssh/authorized_keys - - - - \\nssh-ed25519 AAAA rehearsal\\n\n", true));
  EXPECT_EQ(words.find(' '), std::string::npos);
}

TEST(FirmwareStart, WithoutThatUnitOrItsCredentialNoKeyIsAdded) {
  const inspect::Options options;
  const auto words_of = [&](const images::Files& files) {
    const auto image = images::image_of(files);
    return words_for_key(inspect::gather(image, options), "key");
  };
  EXPECT_EQ(words_of(images::good()), "");
  auto files = with_tmpfiles();
  put(files, "usr/lib/systemd/system/systemd-tmpfiles-setup.service", "[Service]\nType=oneshot\n");
  EXPECT_EQ(words_of(files), "");
  files = with_tmpfiles();
  files.erase("usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service");
  EXPECT_EQ(words_of(files), "");
}

TEST(SecureBootKeys, TheMachinesAreTakenWhereItChecks) {
  host::SecureBoot machine;
  machine.enabled = true;
  machine.pk = initramfs::signature_list("pk");
  machine.db = initramfs::signature_list("db");
  const auto keys = keys_of_machine(machine);
  EXPECT_TRUE(keys.on);
  EXPECT_EQ(keys.db, machine.db);
  EXPECT_EQ(keys.kek, machine.pk);
  EXPECT_THAT(keys.words, HasSubstr("this machine's own keys"));
  machine.mok = initramfs::signature_list("mok");
  EXPECT_EQ(keys_of_machine(machine).db, machine.db + machine.mok);
  EXPECT_THAT(keys_of_machine(machine).words, HasSubstr("MOK"));
  machine.enabled = false;
  EXPECT_FALSE(keys_of_machine(machine).on);
  machine.enabled = true;
  machine.setup_mode = true;
  EXPECT_FALSE(keys_of_machine(machine).on);
}

TEST(SecureBootKeys, ASignersCertificateStandsForThemAndIsCalledSo) {
  const auto keys = keys_of_signer({signature()});
  EXPECT_TRUE(keys.on);
  EXPECT_EQ(keys.db, initramfs::signature_list(signer().der));
  EXPECT_EQ(keys.pk, keys.db);
  EXPECT_THAT(keys.words,
              HasSubstr("the certificate that signed the image, Machine Owner, stands for the machine's keys"));
  EXPECT_FALSE(keys_of_signer({}).on);
}

TEST(SecureBootKeys, FilesAndFoldersOfSeveralKindsAreRead) {
  const base::TempDir work(base::temp_parent(), "dracut-sshd-test.");
  const auto list = initramfs::signature_list(signer().der);
  base::write_file(work.path() / "cert.der", signer().der);
  EXPECT_EQ(keys_of_path(work.path() / "cert.der").db, list);
  // A time, and a certificate of 24 bytes, before the list.
  base::write_file(work.path() / "db.auth",
                   std::string(16, '\0') + std::string("\x18\0\0\0", 4) + std::string(20, 'x') + list);
  base::write_file(work.path() / "PK.esl", initramfs::signature_list("pk"));
  const auto keys = keys_of_path(work.path());
  EXPECT_EQ(keys.db, list);
  EXPECT_EQ(keys.pk, initramfs::signature_list("pk"));
  EXPECT_EQ(keys.kek, keys.pk);
  base::write_file(work.path() / "junk", "junk");
  EXPECT_THROW((void)keys_of_path(work.path() / "junk"), base::Error);
  base::make_dirs(work.path() / "empty");
  EXPECT_THROW((void)keys_of_path(work.path() / "empty"), base::Error);
  // As efivarfs: attributes first.
  const auto variables = work.path() / "efivars";
  base::make_dirs(variables);
  base::write_file(variables / "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", std::string("\x27\0\0\0", 4) + list);
  EXPECT_EQ(keys_of_path(variables).db, list);
}

/// What inspect says of the signature, on a machine whose efivarfs is that folder.
inspect::Finding signed_finding(std::vector<initramfs::PeSignature> signatures, const std::string& secure_boot,
                                const std::string& db) {
  const base::TempDir root(base::temp_parent(), "dracut-sshd-test.");
  const auto variables = root.path() / "sys/firmware/efi/efivars";
  base::make_dirs(variables);
  const std::string attributes("\6\0\0\0", 4);
  if (!secure_boot.empty())
    base::write_file(variables / "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", attributes + secure_boot);
  if (!db.empty()) base::write_file(variables / "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", attributes + db);
  auto image = images::image_of(images::good());
  image.is_uki = true;
  image.signatures = std::move(signatures);
  inspect::Options options;
  options.host = root.path();
  inspect::Findings out;
  inspect::check_signed(inspect::gather(image, options), out);
  EXPECT_EQ(out.size(), 1U);
  return out.front();
}

TEST(CheckSigned, WhatSecureBootWouldRefuseIsAnErrorWhereItIsOn) {
  using enum inspect::Severity;
  const std::string on("\1", 1);
  const std::string off("\0", 1);
  const auto list = initramfs::signature_list(signer().der);
  EXPECT_EQ(signed_finding({}, on, list).severity, error);
  EXPECT_EQ(signed_finding({}, off, "").severity, note);
  EXPECT_EQ(signed_finding({}, "", "").severity, note);
  EXPECT_EQ(signed_finding({signature()}, on, list).severity, good);
  EXPECT_EQ(signed_finding({signature()}, off, "").severity, good);
  EXPECT_EQ(signed_finding({signature()}, on, initramfs::signature_list("other")).severity, unknown);
  auto broken = signature();
  broken.fault = "the file was changed after it was signed";
  EXPECT_EQ(signed_finding({broken}, on, list).severity, error);
  EXPECT_EQ(signed_finding({broken}, off, "").severity, warning);
  EXPECT_EQ(signed_finding({broken}, "", "").severity, unknown);
  EXPECT_EQ(signed_finding({broken, signature()}, on, list).severity, good);
}

}  // namespace
TEST(FirmwareStart, SaysWhatDiffersFromTheMachinesOwn) {
  rehearsal::FirmwareStart start;
  EXPECT_TRUE(rehearsal::changes_of(start, true).empty());  // no UKI
  start.why_not = "OVMF is not installed";
  ASSERT_EQ(rehearsal::changes_of(start, true).size(), 1U);
  EXPECT_NE(rehearsal::changes_of(start, true)[0].find("OVMF is not installed"), std::string::npos);
  start.why_not.clear();
  start.firmware.emplace();
  start.keys.on = true;
  start.keys.words = "the keys of X";
  ASSERT_EQ(rehearsal::changes_of(start, true).size(), 2U);
  EXPECT_NE(rehearsal::changes_of(start, true)[0].find("Secure Boot is on: the keys of X"), std::string::npos);
  EXPECT_NE(rehearsal::changes_of(start, true)[1].find("the throw-away key"), std::string::npos);
  EXPECT_EQ(rehearsal::changes_of(start, false)[1].find("the throw-away key"), std::string::npos);
  start.why_only_start = "its stub is too old";
  EXPECT_NE(rehearsal::changes_of(start, true)[1].find("its stub is too old"), std::string::npos);
}

}  // namespace rehearsal
