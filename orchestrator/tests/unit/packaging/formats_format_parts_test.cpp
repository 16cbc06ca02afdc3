// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>

#include "base/error.hpp"
#include "formats/format_parts.hpp"

namespace {

TEST(Formats, TheRegistryKnowsEveryFormatByItsNameAndNoOther) {
  EXPECT_THAT(formats::names(), testing::UnorderedElementsAre("rpm", "deb", "ebuild", "pkgbuild"));
  for (const std::string& name : formats::names()) EXPECT_EQ(formats::find(name)->name(), name);
  EXPECT_EQ(formats::find("snap"), nullptr);
}

TEST(Formats, APathThatAShellCouldReadAsSomethingElseIsNotInstalled) {
  for (const char* path : {"", "/", "../x", "/usr/../x", "a b", "a$(b)", "a;b", "a%b", "a*", "/a//b"}) {
    EXPECT_THROW((void)formats::plain_path(path), base::Error) << path;
  }
  EXPECT_EQ(formats::plain_path("/usr/lib/dracut/modules.d/46sshd/x.sh"), "/usr/lib/dracut/modules.d/46sshd/x.sh");
}

TEST(Formats, APathHasAFolderAndAName) {
  EXPECT_EQ(formats::folder_of("/usr/bin/x"), "/usr/bin");
  EXPECT_EQ(formats::folder_of("x"), "");
  EXPECT_EQ(formats::base_name("/usr/bin/x"), "x");
}

TEST(Formats, ADependencyIsWrittenWithItsVersionAndInOneLine) {
  EXPECT_EQ(formats::relation({"systemd", ">=", "253", ""}), "systemd >= 253");
  EXPECT_EQ(formats::relation({"dracut", "", "", ""}), "dracut");
  EXPECT_THROW((void)formats::relation({"a\nRequires: b", "", "", ""}), base::Error);
}

}  // namespace
