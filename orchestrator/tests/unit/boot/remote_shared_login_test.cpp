// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/files.hpp"
#include "remote/shared_login.hpp"

namespace remote {
namespace {

using testing::HasSubstr;

/// A program called ssh, in a folder of its own, in the place of the real one.
class SharedLoginTest : public testing::Test {
 protected:
  SharedLoginTest() : folder_(std::filesystem::temp_directory_path(), "shared-login-test.") {
    target_.host = "127.0.0.1";
    target_.alias = "db-initramfs";
    target_.control = (folder_.path() / "socket").string();
  }

  SharedLogin begin(const std::string& script) {
    const auto program = folder_.path() / "ssh";
    base::write_file(program, "#!/bin/sh\necho \"$*\" >" + (folder_.path() / "asked").string() + "\n" + script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return {target_, folder_.path() / "log", {{"PATH", folder_.path().string() + ":/usr/bin:/bin"}}};
  }

  static bool within_seconds(const std::function<bool()>& seen) {
    for (int count = 0; count < 500 && !seen(); ++count) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return seen();
  }

  base::TempDir folder_;
  Target target_;
};

TEST_F(SharedLoginTest, IsUpWhenItsSocketIsThereAndEndsWithItsObject) {
  const auto pid = folder_.path() / "pid";
  {
    auto login = begin("echo $$ >" + pid.string() + "; : >" + target_.control + "; exec sleep 60");
    EXPECT_TRUE(within_seconds([&] { return login.up(); }));
    EXPECT_FALSE(login.ended().has_value());
    const auto asked = base::read_file(folder_.path() / "asked", 4096);
    EXPECT_THAT(asked, HasSubstr("ControlMaster=yes"));
    EXPECT_THAT(asked, HasSubstr("-N"));
    EXPECT_THAT(asked, HasSubstr("ControlPath=" + target_.control));
    EXPECT_THAT(asked, HasSubstr("HostKeyAlias=db-initramfs"));
    EXPECT_TRUE(asked.ends_with("-- 127.0.0.1\n")) << asked;
  }
  EXPECT_NE(kill(std::stoi(base::read_file(pid, 64)), 0), 0);
}

TEST_F(SharedLoginTest, SaysWhyItCouldNotLogIn) {
  auto login = begin("echo 'root@127.0.0.1: Permission denied (publickey).' >&2; exit 255");
  ASSERT_TRUE(within_seconds([&] { return login.ended().has_value(); }));
  EXPECT_FALSE(login.up());
  EXPECT_EQ(reached(*login.ended()), Reached::refused);
}

TEST_F(SharedLoginTest, AnEndInGoodOrderIsNoLogin) {
  auto login = begin(": >" + target_.control + "; exit 0");
  ASSERT_TRUE(within_seconds([&] { return login.ended().has_value(); }));
  EXPECT_FALSE(login.up());
  EXPECT_EQ(reached(*login.ended()), Reached::no_answer);
}

TEST(SharedLogin, ASocketsNameHasALimit) {
  EXPECT_TRUE(SharedLogin::can_be_at("/tmp/dracut-sshd-rehearsal.abcdef/ssh"));
  EXPECT_FALSE(SharedLogin::can_be_at(std::string(100, 'x')));
}

}  // namespace
}  // namespace remote
