// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <type_traits>

#include "base/digest.hpp"
#include "fake_format.hpp"
#include "proof/prove.hpp"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

static_assert(!std::is_default_constructible_v<proof::VerifiedArtifact>, "only prove() makes one");

class Prove : public testing::Test {
 protected:
  Prove() {
    base::make_dirs(folder_ / "out");
    base::make_dirs(folder_ / "reading");
    base::write_file(folder_ / "out/package", "GPL\n");
    base::write_file(folder_ / "reading/text", "GPL\n");
  }

  proof::Report prove(std::vector<std::string> digests = {base::sha256("GPL\n")}) {
    return proof::prove(bench_.format, job_.ingredients(), job_.recipe, folder_, digests);
  }

  base::TempDir temp_{base::temp_parent(), "prove-"};
  fs::path folder_ = temp_.path();
  fakes::Bench bench_;
  build::Job job_ = bench_.job();
};

TEST_F(Prove, WhatIsAsPromisedBecomesAVerifiedArtifactWithItsDigest) {
  const auto report = prove();
  EXPECT_EQ(model::to_text(report.findings), "");
  ASSERT_EQ(report.verified.size(), 1U);
  EXPECT_EQ(report.verified[0].path(), folder_ / "out/package");
  EXPECT_EQ(report.verified[0].name(), "package-1.0.0.fake");
  EXPECT_EQ(report.verified[0].sha256(), base::sha256("GPL\n"));
  EXPECT_EQ(report.verified[0].size(), 4U);
  EXPECT_TRUE(report.tree.contains("/licence"));
}

TEST_F(Prove, OneDifferenceAndNothingIsVerified) {
  base::write_file(folder_ / "reading/text", "MIT\n");
  const auto report = prove();
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_THAT(report.findings[0].where, HasSubstr("/licence"));
  EXPECT_THAT(report.verified, IsEmpty());
}

TEST_F(Prove, AnOutputThatChangedWhileItWasReadIsNotVerified) {
  const auto report = prove({base::sha256("before")});
  EXPECT_THAT(model::to_text(report.findings), HasSubstr("package-1.0.0.fake: changed while it was read"));
  EXPECT_THAT(report.verified, IsEmpty());
}

TEST_F(Prove, APackageThatNobodyReadBackIsNotProven) {
  bench_.format.reads_nothing = true;
  const auto report = prove();
  EXPECT_THAT(model::to_text(report.findings), HasSubstr("was not read back"));
  EXPECT_THAT(report.verified, IsEmpty());
}

TEST_F(Prove, AReadingThatCannotBeReadIsAnError) {
  fs::remove(folder_ / "reading/text");
  EXPECT_THROW((void)prove(), base::Error);
}

TEST(DigestOf, AFileIsItsOwnDigest) {
  const base::TempDir temp(base::temp_parent(), "digest-");
  base::write_file(temp.path() / "f", "x");
  EXPECT_EQ(proof::digest_of(temp.path() / "f"), base::sha256("x"));
}

TEST(DigestOf, AFolderIsTheDigestOfItsSortedList) {
  const base::TempDir temp(base::temp_parent(), "digest-");
  base::make_dirs(temp.path() / "o/b");
  base::write_file(temp.path() / "o/b/f", "x");
  base::write_file(temp.path() / "o/a", "y");
  EXPECT_EQ(proof::digest_of(temp.path() / "o"),
            base::sha256(base::sha256("y") + "  a\n" + base::sha256("x") + "  b/f\n"));
}

TEST(DigestOf, WhatIsMissingALinkOrAPipeIsAnError) {
  const base::TempDir temp(base::temp_parent(), "digest-");
  EXPECT_THAT([&] { (void)proof::digest_of(temp.path() / "none"); }, ThrowsMessage<base::Error>("none was not made"));
  fs::create_symlink("/etc/passwd", temp.path() / "link");
  EXPECT_THAT([&] { (void)proof::digest_of(temp.path() / "link"); }, ThrowsMessage<base::Error>("link was not made"));
  EXPECT_THAT([&] { (void)proof::digest_of(temp.path()); }, ThrowsMessage<base::Error>(HasSubstr("not a regular file")))
      << "a folder that holds a link";
  ASSERT_EQ(mkfifo((temp.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THROW((void)proof::digest_of(temp.path() / "pipe"), base::Error);
}

}  // namespace
