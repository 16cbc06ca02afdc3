// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace {

TEST(Digest, KnowsThePublishedVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(base::sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(base::sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, OfAFileEqualsThatOfItsBytesAcrossBuffers) {
  const base::TempDir dir(base::temp_parent(), "digest-");
  const std::string bytes(200'001, 'x');
  base::write_file(dir.path() / "f", bytes);
  EXPECT_EQ(base::sha256_of_file(dir.path() / "f"), base::sha256(bytes));
}

TEST(Digest, OthersAreThoseOfTheirNames) {
  // NIST's example, and RFC 7693, appendix A
  EXPECT_EQ(
      base::digest("SHA512", "abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
      "2a9ac94fa54ca49f");
  EXPECT_EQ(
      base::digest("BLAKE2B512", "abc"),
      "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925a"
      "b92386edd4009923");
  EXPECT_THROW((void)base::digest("NOSUCH", "abc"), base::Error);
}

TEST(Digest, ThatIsKnownIsThatOfTheContentAndNotOfItsSizeOrPlace) {
  base::KnownDigests digests;
  const std::string one(100'000, 'x');
  std::string other = one;
  EXPECT_EQ(digests.sha256(one), base::sha256(one));
  EXPECT_EQ(digests.sha256(other), base::sha256(one));
  std::string changed = one;
  changed.back() = 'y';
  EXPECT_EQ(digests.sha256(changed), base::sha256(changed));
  EXPECT_EQ(digests.sha256(one), base::sha256(one));
}

TEST(Digest, OfWhatCannotBeReadIsAnErrorThatNamesIt) {
  const base::TempDir dir(base::temp_parent(), "digest-");
  try {
    (void)base::sha256_of_file(dir.path() / "missing");
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("missing: No such file"), std::string::npos) << error.what();
  }
  EXPECT_THROW((void)base::sha256_of_file(dir.path()), base::Error);
}

}  // namespace
