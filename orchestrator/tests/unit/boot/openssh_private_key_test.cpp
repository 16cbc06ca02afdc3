// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "openssh/private_key.hpp"
#include "openssh/wire.hpp"
#include "openssh_samples.hpp"

namespace {

using openssh::read_private;
using testing::HasSubstr;
using testing::IsEmpty;

/// A file as ssh-keygen writes it, but for the secret: there is none in it.
std::string openssh_file(const std::string& cipher, const std::string& kdf, const std::string& section,
                         char count = '\1') {
  const auto key = *openssh::parse_public_key(samples::kEd25519).key;
  std::string bytes("openssh-key-v1\0", 15);
  openssh::put_string(bytes, cipher);
  openssh::put_string(bytes, kdf);
  openssh::put_string(bytes, "");
  bytes += std::string("\0\0\0", 3) + count;
  openssh::put_string(bytes, key.blob);
  openssh::put_string(bytes, section);
  auto encoded = openssh::base64_encode(bytes, true);
  for (std::size_t at = 70; at < encoded.size(); at += 71) encoded.insert(at, 1, '\n');
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + encoded + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

const std::string kSection = "abcdabcd" + std::string(24, 'x');

std::string pem_of(EVP_PKEY* raw, bool traditional) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(raw, EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  if (traditional)
    PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  else
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TEST(OpensshPrivateKey, ItsPublicPartIsRead) {
  const auto key = read_private(openssh_file("none", "none", kSection));
  EXPECT_EQ(key.format, "OpenSSH");
  EXPECT_FALSE(key.encrypted);
  EXPECT_THAT(key.why, IsEmpty());
  ASSERT_TRUE(key.public_part);
  EXPECT_EQ(openssh::fingerprint(*key.public_part), samples::kEd25519Fingerprint);
}

TEST(OpensshPrivateKey, AnEncryptedOneStillTellsItsPublicPart) {
  const auto key = read_private(openssh_file("aes256-ctr", "bcrypt", "whatever"));
  EXPECT_TRUE(key.encrypted);
  EXPECT_THAT(key.why, HasSubstr("passphrase"));
  EXPECT_TRUE(key.public_part);
}

TEST(OpensshPrivateKey, ASectionThatIsNotWholeIsRefused) {
  EXPECT_THAT(read_private(openssh_file("none", "none", "abcdabce" + std::string(24, 'x'))).why, HasSubstr("broken"));
  EXPECT_THAT(read_private(openssh_file("none", "none", kSection.substr(1))).why, HasSubstr("broken"));
  EXPECT_THAT(read_private(openssh_file("none", "none", "")).why, HasSubstr("broken"));
}

TEST(OpensshPrivateKey, MoreKeysThanOneAreRefused) {
  EXPECT_THAT(read_private(openssh_file("none", "none", kSection, '\2')).why, HasSubstr("more or fewer keys"));
}

TEST(OpensshPrivateKey, AFileThatWasCutIsRefusedWhereverItWasCut) {
  const auto whole = openssh_file("none", "none", kSection);
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)
    EXPECT_THAT(read_private(whole.substr(0, size)).why, Not(IsEmpty())) << size;
}

TEST(OpensshPrivateKey, PemOfEveryKindGivesTheKeyAsSshHasIt) {
  for (const bool traditional : {true, false}) {
    const auto rsa = read_private(pem_of(EVP_RSA_gen(2048U), traditional));
    ASSERT_TRUE(rsa.public_part) << rsa.why;
    EXPECT_EQ(rsa.format, traditional ? "RSA" : "PKCS#8");
    EXPECT_EQ(rsa.public_part->type, "ssh-rsa");
    EXPECT_EQ(rsa.public_part->bits, 2048U);
    for (const auto& [curve, type] : {std::pair{"P-256", "ecdsa-sha2-nistp256"}, {"P-521", "ecdsa-sha2-nistp521"}}) {
      const auto ec = read_private(pem_of(EVP_EC_gen(curve), traditional));
      ASSERT_TRUE(ec.public_part) << ec.why;
      EXPECT_EQ(ec.public_part->type, type);
    }
  }
  const auto ed = read_private(pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), false));
  ASSERT_TRUE(ed.public_part) << ed.why;
  EXPECT_EQ(ed.public_part->type, "ssh-ed25519");
}

TEST(OpensshPrivateKey, ACurveThatSshHasNotIsRefused) {
  EXPECT_THAT(read_private(pem_of(EVP_EC_gen("secp256k1"), true)).why, HasSubstr("curve"));
}

TEST(OpensshPrivateKey, AnEncryptedPemIsNotLookedInto) {
  const auto old = read_private("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n");
  EXPECT_TRUE(old.encrypted);
  EXPECT_FALSE(old.public_part);
  EXPECT_TRUE(read_private("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n").encrypted);
}

TEST(OpensshPrivateKey, WhatIsBrokenSaysSoAndNothingOfItsBytes) {
  const auto key = read_private("-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n");
  EXPECT_EQ(key.format, "PKCS#8");
  EXPECT_EQ(key.why, "is cut off or broken inside");
}

TEST(OpensshPrivateKey, WhatSshdDoesNotReadIsNamed) {
  EXPECT_EQ(read_private("PuTTY-User-Key-File-3: ssh-ed25519\n").format, "PuTTY");
  EXPECT_EQ(read_private("").why, "is empty");
  EXPECT_EQ(read_private(samples::kEd25519).why, "is not a private key");
  EXPECT_THAT(read_private(std::string(300 * 1024, 'a')).why, HasSubstr("longer"));
}

}  // namespace
