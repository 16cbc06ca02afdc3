// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/changes.hpp"

namespace {

TEST(WithoutOrig, TakesTheTarballOutOfEachListAndLeavesTheRest) {
  EXPECT_EQ(services::without_orig("Format: 1.8\nChanges:\n a line of x_1.orig.tar.gz\nChecksums-Sha256:\n"
                                   " aa 1 x_1-1.dsc\n bb 2 x_1.orig.tar.gz\n cc 3 x_1.orig.tar.gz.asc\nFiles:\n"
                                   " dd 1 admin optional x_1-1.dsc\n ee 2 admin optional x_1.orig.tar.gz\n"),
            "Format: 1.8\nChanges:\n a line of x_1.orig.tar.gz\nChecksums-Sha256:\n aa 1 x_1-1.dsc\nFiles:\n"
            " dd 1 admin optional x_1-1.dsc\n");
}

TEST(ListedSources, AreThoseOfTheNameWithTheirDigests) {
  const auto found = services::listed_sources(
      "Package: x\nVersion: 1-1\nFiles:\n 00 1 x_1-1.dsc\nChecksums-Sha256:\n aa 1 x_1-1.dsc\n bb 2 x_1.orig.tar.gz\n"
      "\nPackage: y\nVersion: 2\n\n\nPackage: x\nVersion: 1-2\n",
      "x");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].version, "1-1");
  EXPECT_THAT(found[0].sha256,
              testing::UnorderedElementsAre(testing::Pair("x_1-1.dsc", "aa"), testing::Pair("x_1.orig.tar.gz", "bb")));
  EXPECT_EQ(found[1].version, "1-2");
}

TEST(ListedSources, OfRubbishThereAreNone) {
  EXPECT_TRUE(services::listed_sources("", "x").empty());
  EXPECT_TRUE(services::listed_sources(" \n:\n aa bb cc\n<html>", "x").empty());
}

}  // namespace
