// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "initramfs/loader.hpp"

namespace {

TEST(GlibcVersion, IsReadFromTheBanner) {
  using initramfs::glibc_version;
  const std::string banner = "GNU C Library (Foo GLIBC 2.36-9) stable release version 2.36.\nCopyright";
  EXPECT_EQ(glibc_version(banner), std::pair(2U, 36U));
  EXPECT_EQ(glibc_version("GNU C Library (x) GNU C Library (y) release version 2.4, by"), std::pair(2U, 4U));
  EXPECT_EQ(glibc_version(std::string("\0\0GNU C Library (unversioned)\0", 30)), std::nullopt);
  EXPECT_EQ(glibc_version("GNU C Library (x) release version 2"), std::nullopt);
  EXPECT_EQ(glibc_version(""), std::nullopt);
}

}  // namespace
