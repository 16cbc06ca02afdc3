// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "openssh/algorithms.hpp"
#include "openssh/certificate.hpp"
#include "openssh/key.hpp"
#include "openssh/version.hpp"
#include "openssh/wire.hpp"
#include "openssh_samples.hpp"

namespace {

using openssh::parse_certificate;
using openssh::parse_public_key;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string blob_of(const std::string& line) { return *openssh::base64_decode(line.substr(line.find(' ') + 1)); }

std::string line_of(const std::string& type, const std::string& blob) {
  return type + ' ' + openssh::base64_encode(blob, true);
}

TEST(OpensshKey, FingerprintsAreThoseOfSshKeygen) {
  const std::pair<std::string, std::string> all[] = {{samples::kEd25519, samples::kEd25519Fingerprint},
                                                     {samples::kEcdsa, samples::kEcdsaFingerprint},
                                                     {samples::kRsa, samples::kRsaFingerprint}};
  for (const auto& [line, print] : all) {
    const auto parsed = parse_public_key(line);
    ASSERT_TRUE(parsed.key) << parsed.why;
    EXPECT_EQ(openssh::fingerprint(*parsed.key), print);
  }
}

TEST(OpensshKey, BitsAndCommentAreRead) {
  EXPECT_EQ(parse_public_key(samples::kEd25519).key->bits, 256U);
  EXPECT_EQ(parse_public_key(samples::kRsa).key->bits, 2048U);
  EXPECT_EQ(parse_public_key(samples::kDsa).key->bits, 1024U);
  EXPECT_EQ(parse_public_key("  " + samples::kEcdsa + "\t me at home \r\n").key->comment, "me at home");
  EXPECT_THAT(parse_public_key(samples::kRsa).key->comment, IsEmpty());
}

TEST(OpensshKey, ACommentIsNoPartOfTheKey) {
  EXPECT_EQ(*parse_public_key(samples::kRsa + " a").key, *parse_public_key(samples::kRsa + " b").key);
  EXPECT_FALSE(*parse_public_key(samples::kRsa).key == *parse_public_key(samples::kEcdsa).key);
}

TEST(OpensshKey, TheTypeInsideMustBeTheOneInFront) {
  const auto bytes = samples::kEd25519.substr(samples::kEd25519.find(' '));
  const auto parsed = parse_public_key("ssh-rsa" + bytes);
  EXPECT_FALSE(parsed.key);
  EXPECT_EQ(parsed.why, "says ssh-rsa and holds ssh-ed25519");
}

TEST(OpensshKey, AKeyOfTwoHalvesHasTheLengthOfBoth) {
  const std::string type = "ssh-mldsa44-ed25519";
  const auto line = [&](std::size_t size) {
    std::string blob;
    openssh::put_string(blob, type);
    openssh::put_string(blob, std::string(size, 'k'));
    return line_of(type, blob);
  };
  const auto whole = parse_public_key(line(1312 + 32));
  ASSERT_TRUE(whole.key) << whole.why;
  EXPECT_EQ(whole.key->bits, 512U);
  EXPECT_THAT(parse_public_key(line(1312)).why, HasSubstr("wrong length"));
  EXPECT_TRUE(openssh::is_certificate_type("ssh-mldsa44-ed25519-cert"));
  EXPECT_EQ(openssh::plain_type("ssh-mldsa44-ed25519-cert"), type);
}

TEST(OpensshKey, TheTypesOfOpenssh106AreThoseOfItsOwnList) {
  // `sshd -T` of 10.6p1: pubkeyacceptedalgorithms
  const std::string own =
      "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh."
      "com,"
      "ecdsa-sha2-nistp521-cert-v01@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,"
      "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
      "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-mldsa44-ed25519-cert,ssh-ed25519,"
      "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
      "sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256,"
      "ssh-mldsa44-ed25519";
  EXPECT_THAT(openssh::default_algorithms({10, 6, 0}), testing::UnorderedElementsAreArray(base::split(own, ',')));
  EXPECT_FALSE(openssh::is_accepted("ssh-mldsa44-ed25519", "", {10, 0, 0}));
}

TEST(OpensshKey, ASignaturesNameIsNoKeyType) {
  EXPECT_FALSE(openssh::is_key_type("rsa-sha2-256"));
  EXPECT_FALSE(openssh::is_key_type("SSH-RSA"));
  EXPECT_TRUE(openssh::is_key_type("sk-ssh-ed25519@openssh.com"));
}

TEST(OpensshKey, EveryPrefixOfAKeyIsRefused) {
  for (const auto& line :
       {samples::kEd25519, samples::kEcdsa, samples::kRsa, samples::kDsa, samples::kUserCertificate}) {
    const auto type = line.substr(0, line.find(' '));
    auto blob = blob_of(line.substr(0, line.find(' ', type.size() + 1)));
    while (!blob.empty()) {
      blob.pop_back();
      EXPECT_FALSE(parse_certificate(line_of(type, blob)).certificate);
      if (type.find("-cert-") == std::string::npos) {
        EXPECT_FALSE(parse_public_key(line_of(type, blob)).key);
      }
    }
  }
}

TEST(OpensshKey, BytesBehindTheKeyAreRefused) {
  EXPECT_EQ(parse_public_key(line_of("ssh-ed25519", blob_of(samples::kEd25519) + '\0')).why, "has bytes behind it");
}

TEST(OpensshKey, APointThatIsNotOnTheCurveIsRefused) {
  auto blob = blob_of(samples::kEcdsa);
  blob.back() = static_cast<char>(blob.back() ^ 1);
  EXPECT_EQ(parse_public_key(line_of("ecdsa-sha2-nistp256", blob)).why, "is not a point of curve nistp256");
}

TEST(OpensshKey, AnRsaKeyBelow1024BitsIsRefused) {
  std::string blob;
  openssh::put_string(blob, "ssh-rsa");
  openssh::put_string(blob, {"\x01\x00\x01", 3});
  openssh::put_string(blob, std::string(96, '\x7f'));
  EXPECT_THAT(parse_public_key(line_of("ssh-rsa", blob)).why, HasSubstr("has 767 bits"));
}

TEST(OpensshKey, ALengthThatIsALieIsRefused) {
  std::string blob;
  openssh::put_string(blob, "ssh-ed25519");
  blob += "\xff\xff\xff\xff" + std::string(32, 'x');
  EXPECT_EQ(parse_public_key(line_of("ssh-ed25519", blob)).why, "is cut off");
}

TEST(OpensshKey, Base64IsReadAsSshdReadsIt) {
  EXPECT_EQ(openssh::base64_decode("YQ=="), "a");
  EXPECT_EQ(openssh::base64_decode("Y\r\nQ=\n="), "a");
  EXPECT_FALSE(openssh::base64_decode("YQ"));     // no padding
  EXPECT_FALSE(openssh::base64_decode("YR=="));   // bits that stand for nothing
  EXPECT_FALSE(openssh::base64_decode("YQ==Y"));  // more behind the padding
  EXPECT_FALSE(openssh::base64_decode("Y=Q="));
  EXPECT_FALSE(openssh::base64_decode("Y-Q="));
  EXPECT_EQ(openssh::base64_encode("ab", false), "YWI");
  EXPECT_EQ(openssh::base64_encode("ab", true), "YWI=");
}

TEST(OpensshKey, AnRsaKeySignsByThreeNames) {
  EXPECT_THAT(openssh::signature_algorithms("ssh-rsa"), ElementsAre("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"));
  EXPECT_THAT(openssh::signature_algorithms("ssh-ed25519"), ElementsAre("ssh-ed25519"));
}

TEST(OpensshCertificate, AUsersIsRead) {
  const auto parsed = parse_certificate(samples::kUserCertificate);
  ASSERT_TRUE(parsed.certificate) << parsed.why;
  const auto& one = *parsed.certificate;
  EXPECT_FALSE(one.host);
  EXPECT_EQ(one.serial, 42U);
  EXPECT_EQ(one.key_id, "key id");
  EXPECT_THAT(one.principals, ElementsAre("root", "admin"));
  EXPECT_EQ(one.valid_after, 1767225600U);
  EXPECT_EQ(one.valid_before, 1798761600U);
  EXPECT_THAT(one.critical_options, ElementsAre("force-command"));
  EXPECT_EQ(one.key, *parse_public_key(samples::kEd25519).key);
  EXPECT_EQ(one.key.comment, "test@example");
  EXPECT_EQ(openssh::fingerprint(one.authority), samples::kAuthorityFingerprint);
}

TEST(OpensshCertificate, AHostsIsRead) {
  const auto parsed = parse_certificate(samples::kHostCertificate);
  ASSERT_TRUE(parsed.certificate) << parsed.why;
  EXPECT_TRUE(parsed.certificate->host);
  EXPECT_THAT(parsed.certificate->principals, IsEmpty());
  EXPECT_EQ(parsed.certificate->key, *parse_public_key(samples::kEcdsa).key);
  EXPECT_THAT(openssh::why_not_valid(*parsed.certificate, 1), IsEmpty());
}

TEST(OpensshCertificate, ItsFingerprintIsThatOfItsKey) {
  EXPECT_EQ(openssh::fingerprint(*parse_public_key(samples::kUserCertificate).key), samples::kEd25519Fingerprint);
}

TEST(OpensshCertificate, ItIsValidFromItsFirstSecondToTheOneBeforeItsLast) {
  const auto one = *parse_certificate(samples::kUserCertificate).certificate;
  EXPECT_EQ(openssh::why_not_valid(one, one.valid_after - 1), "is not valid before 2026-01-01");
  EXPECT_THAT(openssh::why_not_valid(one, one.valid_after), IsEmpty());
  EXPECT_THAT(openssh::why_not_valid(one, one.valid_before - 1), IsEmpty());
  EXPECT_EQ(openssh::why_not_valid(one, one.valid_before), "expired on 2027-01-01");
}

TEST(OpensshCertificate, AKeyIsNone) { EXPECT_EQ(parse_certificate(samples::kRsa).why, "is a key and no certificate"); }

TEST(OpensshVersion, ABannerIsTakenApart) {
  EXPECT_EQ(openssh::parse_version("OpenSSH_10.0p2 Debian-7"), (openssh::Version{10, 0, 2}));
  EXPECT_EQ(openssh::parse_version("OpenSSH_9.9"), (openssh::Version{9, 9, 0}));
  EXPECT_FALSE(openssh::parse_version("OpenSSH_x.1"));
  EXPECT_FALSE(openssh::parse_version("OpenSSH_99999.1"));
  EXPECT_FALSE(openssh::parse_version(" OpenSSH_9.9"));
  EXPECT_LT((openssh::Version{9, 9, 2}), (openssh::Version{10, 0, 0}));
  EXPECT_EQ(openssh::to_string({9, 2, 1}), "9.2p1");
}

TEST(OpensshVersion, PatternsInAProgramAreNotItsVersion) {
  const std::string bytes("OpenSSH_2.*,OpenSSH_3.0*\0OpenSSH_2.5.0p1*\0OpenSSH_\0SSH-2.0-OpenSSH_9.2p1 x\0", 76);
  EXPECT_EQ(openssh::version_in(bytes), (openssh::Version{9, 2, 1}));
  EXPECT_FALSE(openssh::version_in("OpenSSH_6.6.1*"));
  EXPECT_FALSE(openssh::version_in(""));
}

}  // namespace
