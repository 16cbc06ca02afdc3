// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "host/kernel_release.hpp"

namespace host {
namespace {

TEST(KernelRelease, IsWhatDistributionsCallTheirKernels) {
  for (const auto* text :
       {"6.12.9-200.fc41.x86_64", "6.1.0-18-amd64", "6.4.0-150600.23.7-default", "5.14.0-427.el9.x86_64+debug",
        "6.12.3-arch1-1", "6.6.52-gentoo-x86_64", "5.15.0~rc1", "6.8.0:x", "6"}) {
    ASSERT_TRUE(KernelRelease::from(text)) << text;
    EXPECT_EQ(KernelRelease::from(text)->text(), text);
  }
}

TEST(KernelRelease, IsNoPathAndNoOption) {
  for (const std::string text : {"", ".", "..", "../../usr/lib/modules/6.1.0", "6.1.0/..", "/6.1.0", "6.1.0/", "-b",
                                 ".6", "6 1", "6.1.0\n", "6\x1b[31m", "\xc3\xa9", "6\xc2\x9b", "6%k"})
    EXPECT_FALSE(KernelRelease::from(text)) << text;
  EXPECT_FALSE(KernelRelease::from(std::string("6.1.0\0", 6)));
  EXPECT_TRUE(KernelRelease::from(std::string(64, '6')));
  EXPECT_FALSE(KernelRelease::from(std::string(65, '6')));
}

TEST(KernelRelease, OfAnOptionIsRefusedByTheOptionsName) {
  EXPECT_FALSE(KernelRelease::from_option("", "--kernel"));
  EXPECT_EQ(KernelRelease::from_option("6.1.0", "--kernel"), KernelRelease::from("6.1.0"));
  try {
    (void)KernelRelease::from_option("../x", "--kernel");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit(), base::Exit::usage);
    EXPECT_STREQ(error.what(), "--kernel: \"../x\" is not a kernel release");
  }
}

}  // namespace
}  // namespace host
