// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "host/host.hpp"

namespace host {
namespace {

TEST(UnifiedImages, TheirNamesAreKernelInstallsOrDracuts) {
  constexpr std::string_view kKernel = "6.12.117+deb13-amd64";
  for (const auto* name :
       {"token-6.12.117+deb13-amd64.efi", "a-b-6.12.117+deb13-amd64+3.efi", "token-6.12.117+deb13-amd64+3-1.efi",
        "linux-6.12.117+deb13-amd64-0123.efi", "6.12.117+deb13-amd64.efi"})
    EXPECT_TRUE(is_unified_image_for(name, kKernel)) << name;
  for (const auto* name :
       {"token-6.12.117+deb13-amd64-extra.efi", "token-16.12.117+deb13-amd64.efi", "token-6.12.117+deb13-amd64.efi.old",
        "token-6.12.117+deb13-amd64+x.efi", "linux-6.12.117+deb13-amd640.efi", ""})
    EXPECT_FALSE(is_unified_image_for(name, kKernel)) << name;
}

TEST(UnifiedImages, OneIsTheNextBootWhereTheSystemMakesSuch) {
  const base::TempDir root(base::temp_parent(), "dracut-sshd-test.");
  const auto put = [&](const char* path, const char* text) {
    base::make_dirs((root.path() / path).parent_path());
    base::write_file(root.path() / path, text);
  };
  put("usr/lib/modules/6.1.0-1/modules.dep", "");
  put("usr/lib/modules/6.12.0-2/modules.dep", "");
  put("boot/initrd.img-6.12.0-2", "initramfs");
  put("efi/EFI/Linux/token-6.1.0-1.efi", "uki");
  EXPECT_EQ(next_boot(root.path(), std::nullopt).image, root.path() / "boot/initrd.img-6.12.0-2");
  EXPECT_EQ(next_boot(root.path(), KernelRelease::from("6.1.0-1")).image,
            root.path() / "efi/EFI/Linux/token-6.1.0-1.efi");
  put("etc/kernel/install.conf", "layout=uki\n");
  const auto boot = next_boot(root.path(), std::nullopt);
  EXPECT_EQ(boot.image, root.path() / "efi/EFI/Linux/token-6.1.0-1.efi");
  EXPECT_EQ(boot.kernel->text(), "6.1.0-1");
  EXPECT_TRUE(boot.cmdline_known);
  EXPECT_EQ(boot.cmdline, "");
}

}  // namespace
}  // namespace host
