// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/files.hpp"
#include "openssh/wire.hpp"
#include "seal/credential.hpp"

namespace seal {
namespace {

using testing::HasSubstr;

/// Made by systemd-creds 252, "srk" by 262, with swtpm 0.7: the file's name says how.
std::string sample(const std::string& name) {
  return base::read_file(std::string(PROJECT_ROOT) + "/orchestrator/tests/fuzz/seeds/credential_fuzz/" + name, 65536);
}

Credential credential_in(const std::string& name) {
  const auto parsed = parse_credential(sample(name));
  EXPECT_TRUE(parsed.credential) << name << ": " << parsed.why;
  return parsed.credential.value_or(Credential{});
}

TEST(Credential, RealOnesSayWhatTheyAreSealedTo) {
  const auto plain = credential_in("tpm2-pcr7.cred");
  EXPECT_TRUE(plain.needs_tpm);
  EXPECT_FALSE(plain.needs_host_secret);
  EXPECT_EQ(plain.pcrs, 1U << 7U);
  EXPECT_EQ(plain.bank, "sha256");
  EXPECT_EQ(plain.signed_pcrs, 0U);
  EXPECT_EQ(plain.policy(), "PCR 7 (sha256)");

  EXPECT_EQ(credential_in("tpm2-pcr0-7-23.cred").policy(), "PCR 0+7+23 (sha256)");
  EXPECT_EQ(credential_in("tpm2-no-pcr.cred").policy(), "this TPM, whatever was booted");

  const auto policy = credential_in("tpm2-public-key.cred");
  EXPECT_EQ(policy.pcrs, 1U << 7U);
  EXPECT_EQ(policy.signed_pcrs, 1U << 11U);
  EXPECT_EQ(policy.signer.size(), 64U);
  EXPECT_THAT(policy.policy(), testing::StartsWith("PCR 7 (sha256) and PCR 11 (sha256) signed by the key "));

  // Of systemd 262.
  EXPECT_EQ(credential_in("tpm2-srk.cred").policy(), "PCR 23 (sha256)");
  const auto signed_srk = credential_in("tpm2-public-key-srk.cred");
  EXPECT_EQ(signed_srk.pcrs, 0U);
  EXPECT_EQ(signed_srk.signed_pcrs, 1U << 11U);

  const auto both = credential_in("host-tpm2.cred");
  EXPECT_TRUE(both.needs_tpm);
  EXPECT_TRUE(both.needs_host_secret);
  const auto host = credential_in("host.cred");
  EXPECT_FALSE(host.needs_tpm);
  EXPECT_TRUE(host.needs_host_secret);
  EXPECT_THAT(host.policy(), HasSubstr("no TPM"));
  const auto null = credential_in("null.cred");
  EXPECT_FALSE(null.needs_tpm);
  EXPECT_THAT(null.policy(), HasSubstr("anybody"));
}

TEST(Credential, CutAnywhereInItsHeaderItIsNone) {
  for (const auto* name : {"tpm2-pcr7.cred", "tpm2-public-key.cred", "tpm2-public-key-srk.cred", "host.cred"}) {
    const auto bytes = openssh::base64_decode(sample(name));
    ASSERT_TRUE(bytes) << name;
    std::size_t whole = 0;
    for (std::size_t size = 0; size < bytes->size(); ++size) {
      const auto parsed = parse_credential(openssh::base64_encode(bytes->substr(0, size), true));
      EXPECT_NE(parsed.credential.has_value(), !parsed.why.empty());
      if (parsed.credential) ++whole;
    }
    // Where the ciphertext is cut only its key can tell.
    EXPECT_LT(whole, 600U) << name;
    EXPECT_FALSE(parse_credential(openssh::base64_encode(bytes->substr(0, 40), true)).credential) << name;
  }
}

TEST(Credential, WhatIsNoneIsSaid) {
  EXPECT_THAT(parse_credential("").why, HasSubstr("not base64"));
  EXPECT_THAT(parse_credential("-----BEGIN OPENSSH PRIVATE KEY-----").why, HasSubstr("not base64"));
  EXPECT_THAT(parse_credential(std::string(kLongestCredential + 1, 'A')).why, HasSubstr("too long"));
  EXPECT_THAT(parse_credential(openssh::base64_encode("short", true)).why, HasSubstr("within its header"));
  EXPECT_THAT(parse_credential(openssh::base64_encode(std::string(200, 'x'), true)).why, HasSubstr("does not know"));
}

/// A real one with some bytes changed: where they are is the format's business.
std::string changed(const std::string& name, std::size_t at, const std::string& bytes) {
  auto all = openssh::base64_decode(sample(name)).value_or("");
  EXPECT_GT(all.size(), at + bytes.size());
  all.replace(at, bytes.size(), bytes);
  return openssh::base64_encode(all, true);
}

TEST(Credential, LengthsAndNumbersThatNoSystemdWritesAreRefused) {
  using namespace std::string_literals;
  constexpr std::size_t kIvSize = 24;
  constexpr std::size_t kTpm = 48;  // behind 32 bytes of header and 12 of IV, aligned
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kIvSize, "\xff\xff\xff\xff"s)).why, HasSubstr("sizes"));
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kIvSize, "\0\x40\0\0"s)).why, HasSubstr("within its header"));
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kTpm + 3, "\x01"s)).why, HasSubstr("no PC has"));
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kTpm + 8, "\x99\x99"s)).why, HasSubstr("0x9999"));
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kTpm + 12, "\xff\xff\xff\xff"s)).why, HasSubstr("too long"));
  EXPECT_THAT(parse_credential(changed("tpm2-pcr7.cred", kTpm + 16, "\0\x3f\0\0"s)).why,
              HasSubstr("within its header"));
}

TEST(Pcrs, AreNumbersFrom0To23) {
  EXPECT_EQ(parse_pcrs("7"), PcrMask{1} << 7U);
  EXPECT_EQ(parse_pcrs("0+7,23"), 1U | 1U << 7U | 1U << 23U);
  for (const auto* text : {"", "+", "7+", "24", "-1", "7 8", "seven", "0x7", "7+24", "99999999999"})
    EXPECT_EQ(parse_pcrs(text), std::nullopt) << text;
  EXPECT_EQ(text_of(1U << 7U | 1U << 11U), "7+11");
  EXPECT_EQ(text_of(0), "");
}

}  // namespace
}  // namespace seal
