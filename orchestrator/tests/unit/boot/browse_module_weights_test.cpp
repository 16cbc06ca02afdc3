// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "browse/module_setup.hpp"
#include "browse/module_weights.hpp"
#include "images.hpp"

namespace browse {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(ModuleSetup, TakesTheWordsBehindWhatInstalls) {
  const auto found = parse_module_setup(R"(#!/bin/bash
check() {
    require_binaries cryptsetup || return 1 # inst_simple no
}
installkernel() {
    hostonly="" instmods drbg dm-crypt "=crypto" "${mods[@]/#/crypto-}"
}
install() {
    # inst_multiple commented
    if [ -n "$hostonly" ]; then inst_simple /etc/crypttab; fi
    inst_multiple -o \
        cryptsetup \
        "$systemdsystemunitdir"/cryptsetup.target \
        "$dbus"/*.conf
    inst_hook cmdline 30 "$moddir/parse-crypt.sh"
    inst_binary plymouth > /dev/null || dfatal "no plymouthd"
    echo inst_nothing; cat other
}
)");
  EXPECT_THAT(found.names, UnorderedElementsAre("crypttab", "cryptsetup", "cryptsetup.target", "cmdline",
                                                "parse-crypt.sh", "plymouth"));
  EXPECT_THAT(found.drivers, UnorderedElementsAre("drbg", "dm_crypt"));
}

TEST(ModuleSetup, AnyTextIsRead) {
  EXPECT_TRUE(parse_module_setup("").names.empty());
  EXPECT_TRUE(parse_module_setup("inst_multiple \\").names.empty());
  EXPECT_THAT(parse_module_setup("inst_multiple \\\n a/b").names, ElementsAre("b"));
  EXPECT_TRUE(parse_module_setup("inst ; ; ) inst_x /").names.empty());
}

class ModuleWeights : public testing::Test {
 protected:
  ModuleWeights() : root_(std::filesystem::temp_directory_path(), "module-weights-test.") {}

  void script(const std::string& module, const std::string& text) {
    const auto folder = root_.path() / "usr/lib/dracut/modules.d" / module;
    std::filesystem::create_directories(folder);
    base::write_file(folder / "module-setup.sh", text);
  }
  void beside(const std::string& file, const std::string& text) {
    base::write_file(root_.path() / "usr/lib/dracut/modules.d" / file, text);
  }

  base::TempDir root_;
};

TEST_F(ModuleWeights, AFileIsAModulesWhereNoOtherNamesIt) {
  script("90crypt", "inst_multiple cryptsetup umount\ninstmods dm-crypt\n");
  script("99base", "inst_multiple umount\n");
  script("95unused", "inst_multiple cryptsetup\n");  // is not in the image
  beside("90crypt/parse-crypt.sh", "12345");
  images::Files files;
  images::put(files, "usr/lib/dracut/modules.txt", "crypt\nbase\n");
  images::put(files, "usr/sbin/cryptsetup", std::string(1000, 'x'));
  images::put(files, "usr/bin/umount", std::string(100, 'x'));
  images::put(files, "usr/lib/modules/6.1/kernel/dm_crypt.ko.xz", std::string(50, 'x'));
  images::put(files, "var/lib/dracut/hooks/cmdline/30-parse-crypt.sh", "12345");
  images::put(files, "var/lib/dracut/hooks/cmdline/31-parse-crypt.sh", "another");
  const auto image = images::image_of(files, false);
  EXPECT_THAT(weigh_modules(image, root_.path()),
              UnorderedElementsAre(Pair("crypt", 1000 + 50 + 5), Pair("(programs)", 100), Pair("(dracut)", 7 + 11)));
  files.erase("usr/sbin/cryptsetup");
  EXPECT_THAT(compare_modules(image, images::image_of(files, false), root_.path()), ElementsAre(Pair("crypt", -1000)));
}

TEST_F(ModuleWeights, WithoutDracutNothingIsTold) {
  EXPECT_TRUE(weigh_modules(images::image_of(images::good(), false), root_.path()).empty());
  script("90crypt", "inst_multiple cryptsetup\n");
  images::Files files;
  images::put(files, "usr/sbin/cryptsetup", "x");
  EXPECT_TRUE(weigh_modules(images::image_of(files, false), root_.path()).empty());
}

}  // namespace
}  // namespace browse
