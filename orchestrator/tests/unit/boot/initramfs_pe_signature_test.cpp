// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "initramfs/der.hpp"
#include "initramfs/signature_list.hpp"
#include "signed_pe.hpp"

namespace initramfs {
namespace {

using signed_pe::plain;
using signed_pe::signatures_of;
using signed_pe::Signer;
using signed_pe::with_signature;
using testing::HasSubstr;

const Signer& somebody() {
  static const Signer signer("Some Body");
  return signer;
}

TEST(PeSignature, ASignedFileNamesItsSigner) {
  const auto found = signatures_of(with_signature(plain(), somebody()));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, "");
  EXPECT_EQ(found[0].subject, "Some Body");
  EXPECT_EQ(found[0].issuer, "Some Body");
  EXPECT_EQ(found[0].certificate, somebody().der);
  EXPECT_EQ(found[0].fingerprint, base::sha256(somebody().der));
}

TEST(PeSignature, AnUnsignedFileHasNone) { EXPECT_TRUE(signatures_of(plain()).empty()); }

TEST(PeSignature, EveryByteCountsButTheChecksumAndTheTablesPlace) {
  const auto file = with_signature(plain(), somebody());
  constexpr std::size_t kChecksum = 0x40 + 24 + 64;
  for (const std::size_t at :
       {std::size_t{2}, std::size_t{0x50}, std::size_t{700}, std::size_t{1024}, std::size_t{1540}}) {
    auto changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto found = signatures_of(changed);
    ASSERT_EQ(found.size(), 1U) << at;
    EXPECT_EQ(found[0].fault, "the file was changed after it was signed") << at;
    EXPECT_EQ(found[0].subject, "Some Body");
  }
  auto changed = file;
  changed[kChecksum] = '\x55';
  EXPECT_EQ(signatures_of(changed)[0].fault, "");
}

TEST(PeSignature, AForgedSignatureIsNone) {
  // The last bytes, but for what fills up, are the signature itself.
  auto file = with_signature(plain(), somebody());
  file[file.size() - 20] = static_cast<char>(file[file.size() - 20] ^ 1);
  EXPECT_EQ(signatures_of(file)[0].fault, "the key of its certificate has not made it");
}

TEST(PeSignature, AnothersDigestIsNone) {
  // The signature of one file behind another one.
  const auto one = with_signature(plain("one"), somebody());
  auto other = with_signature(plain("two"), somebody());
  other.replace(2048, other.size() - 2048, one, 2048, one.size() - 2048);
  EXPECT_EQ(signatures_of(other)[0].fault, "the file was changed after it was signed");
}

TEST(PeSignature, SectionsThatOverlapAreRefused) {
  // Such a file could have its bytes hashed as often as it has sections.
  auto file = with_signature(plain(), somebody());
  constexpr std::size_t kSecond = 0x40 + 24 + 240 + 40;
  file.replace(kSecond + 20, 2, std::string("\xb0\x04", 2));  // PointerToRawData: 1200, within the first
  try {
    (void)signatures_of(file);
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "two of its sections overlap");
  }
}

TEST(PeSignature, ManySignaturesAreJudgedByOneDigest) {
  const auto once = with_signature(plain(), somebody());
  // The same entry of the table again and again; the table's size stands in the header.
  const auto entry = once.substr(2048);
  auto file = once;
  for (int i = 1; i < 200; ++i) file += entry;
  constexpr std::size_t kTableSize = 0x40 + 24 + 112 + 4 * 8 + 4;
  std::string size;
  signed_pe::number(size, file.size() - 2048, 4);
  file.replace(kTableSize, 4, size);
  const auto found = signatures_of(file);
  ASSERT_EQ(found.size(), 200U);
  for (const auto& each : found) EXPECT_EQ(each.fault, "");
}

TEST(PeSignature, WhatIsCutOffOrBrokenIsSaidAndReadNoFurther) {
  const auto file = with_signature(plain(), somebody());
  EXPECT_THROW((void)signatures_of(file.substr(0, file.size() - 8)), base::Error);
  for (std::size_t at = 2048; at < file.size(); at += 23) {
    auto changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0x80);
    for (const auto& each : signatures_of(changed)) EXPECT_LE(each.subject.size(), 100U) << at;
  }
  // The signature itself is the last thing, but for what fills up.
  for (std::size_t at = file.size() - 200; at < file.size() - 20; at += 19) {
    auto changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0x80);
    EXPECT_EQ(signatures_of(changed)[0].fault, "the key of its certificate has not made it") << at;
  }
}

TEST(Der, WhatIsLongerThanItsPlaceIsNothing) {
  EXPECT_FALSE(der_of("").has_value());
  EXPECT_FALSE(der_of(std::string_view("\x30\x05\x01", 3)).has_value());
  EXPECT_FALSE(der_of(std::string_view("\x30\x84\xff\xff\xff\xff", 6)).has_value());
  EXPECT_FALSE(der_of(std::string_view("\x30\x80\0\0", 4)).has_value());  // of no definite length
  EXPECT_EQ(der_of(std::string_view("\x04\x01x!", 4))->content, "x");
  EXPECT_EQ(der_of(std::string_view("\x04\x81\x01x!", 5))->content, "x");
  EXPECT_EQ(der_list(std::string_view("\x04\x01x\x04\x01y\x04\x05", 8)).size(), 2U);
}

TEST(SignatureList, ListsAreReadAsTheyAreMade) {
  const auto list = signature_list("one certificate");
  EXPECT_TRUE(is_signature_list(list));
  EXPECT_EQ(list.size(), 28U + 16 + 15);
  EXPECT_THAT(certificates_in(list + signature_list("another")), testing::ElementsAre("one certificate", "another"));
  EXPECT_TRUE(is_signature_list(""));
  for (std::size_t length = 1; length < list.size(); ++length)
    EXPECT_FALSE(is_signature_list(list.substr(0, length))) << length;
  auto broken = list;
  broken[24] = 0;  // entries of no length
  broken[25] = 0;
  EXPECT_FALSE(is_signature_list(broken));
}

TEST(SignatureList, AFileOfCertificatesIsDerOrPem) {
  EXPECT_THAT(certificates_of_file(somebody().der), testing::ElementsAre(somebody().der));
  std::string text(somebody().der.size() * 2, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                    reinterpret_cast<const unsigned char*>(somebody().der.data()),
                                    static_cast<int>(somebody().der.size()));
  text.resize(static_cast<std::size_t>(size));
  const auto pem =
      "-----BEGIN CERTIFICATE-----\n" + text.substr(0, 64) + "\n" + text.substr(64) + "\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(certificates_of_file("Bag Attributes\n" + pem + pem),
              testing::ElementsAre(somebody().der, somebody().der));
  EXPECT_TRUE(certificates_of_file("-----BEGIN CERTIFICATE-----\n").empty());
  EXPECT_TRUE(certificates_of_file("nothing").empty());
}

}  // namespace
}  // namespace initramfs
