// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/confine.hpp"
#include "base/files.hpp"
#include "fakes.hpp"

namespace base {
namespace {

const std::string kPath = "/usr/sbin:/usr/bin:/sbin:/bin";

class Confined : public testing::Test {
 protected:
  void SetUp() override {
    cage_.writable = {work_.path() / "mine"};
    std::filesystem::create_directory(work_.path() / "mine");
    write_file(work_.path() / "secret", "secret");
    if (const auto why = why_not_confined(cage_, kPath, context_); !why.empty()) GTEST_SKIP() << why;
  }
  Outcome run(const std::string& script, const Confinement& cage) {
    Command command;
    command.argv = {"sh", "-c", script, work_.path().string()};
    command.env = {{"PATH", kPath}};
    return context_.runner.run(confined(command, cage), context_.cancel);
  }

  TempDir work_{temp_parent(), "dracut-sshd-test."};
  Confinement cage_;
  fakes::SystemContext context_;
};

TEST_F(Confined, WritesInItsFolderAndSeesNoOther) {
  const auto outcome =
      run("echo x >\"$0/mine/file\" && ! cat \"$0/secret\" && ! touch /usr/x && ! touch /x && ! ls /home /root /boot",
          cage_);
  EXPECT_EQ(outcome.status, 0) << outcome.tail;
  EXPECT_TRUE(std::filesystem::exists(work_.path() / "mine/file"));
  cage_.readable = {work_.path() / "secret", work_.path() / "nothing"};
  EXPECT_EQ(run("cat \"$0/secret\" && ! touch \"$0/secret\"", cage_).status, 0);
}

TEST_F(Confined, HasNoNetworkUnlessItIsGiven) {
  const std::string count = "set -- $(grep -c : /proc/net/dev); echo \"interfaces $1\"";
  EXPECT_THAT(run(count, cage_).tail, testing::HasSubstr("interfaces 1"));  // its own loopback
}

TEST_F(Confined, GetsItsDescriptorsAndItsStatusIsItsOwn) {
  Command command;
  command.argv = {"sh", "-c", "read -r word <&5; [ \"$word\" = bytes ] && exit 7"};
  command.env = {{"PATH", kPath}};
  command.data[5] = "bytes\n";
  EXPECT_EQ(context_.runner.run(confined(command, cage_), context_.cancel).status, 7);
}

TEST_F(Confined, FindsAProgramThatLiesElsewhere) {
  std::filesystem::create_directory(work_.path() / "bin");
  write_file(work_.path() / "bin/mine", "#!/bin/sh\nexit 6\n", 0755);
  Command command;
  command.argv = {"mine"};
  command.env = {{"PATH", (work_.path() / "bin").string() + ":" + kPath}};
  EXPECT_EQ(context_.runner.run(confined(command, cage_), context_.cancel).status, 6);
}

TEST(Confinement, WithoutBubblewrapTheReasonIsSaid) {
  EXPECT_EQ(why_not_confined({}, "/nonesuch", fakes::SystemContext()),
            "bubblewrap is not installed (package: bubblewrap)");
}

}  // namespace
}  // namespace base
