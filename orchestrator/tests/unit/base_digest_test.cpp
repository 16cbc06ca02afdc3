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
