// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "openssh_samples.hpp"
#include "recorded.hpp"
#include "setup/setup_plan.hpp"

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFirst = samples::kEd25519 + " one@desk";
const std::string kSecond = samples::kAuthority + " two@desk";
constexpr const char* kKeysFile = "/etc/dracut-sshd/authorized_keys";

/// A machine on which nothing but keys has to be decided.
class SetupPlan : public testing::Test {
 protected:
  recorded::Machine recorded;
  detect::Machine machine;
  setup::Choices choices;
  std::optional<setup::Manifest> manifest;

  SetupPlan() {
    recorded.file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/people/alice:/bin/bash\n");
    machine.system.root = true;
    machine.packages.module_there = true;
    choices.own_host_key = false;
    choices.network = false;
  }
  setup::Plan plan() {
    machine.keys = detect::read_keys(recorded.source());
    return setup::make_plan(machine, choices, manifest, recorded.root());
  }
  /// As if setup had written it.
  void wrote(const std::string& path, const std::string& text) {
    recorded.file(path.substr(1), text);
    if (!manifest) manifest.emplace();
    manifest->files.push_back({path, base::sha256(text)});
  }
};

TEST_F(SetupPlan, RootsKeyNeedsNoFile) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  const auto out = plan();
  EXPECT_THAT(out.write, IsEmpty());
  EXPECT_THAT(out.refusals, IsEmpty());
  ASSERT_EQ(out.may_log_in.size(), 1U);
  EXPECT_EQ(out.may_log_in[0].origin, "/root/.ssh/authorized_keys:1");
  EXPECT_FALSE(out.changes_files());
}

TEST_F(SetupPlan, ANamedKeyThatCannotUnlockIsWrittenAndNoted) {
  choices.keys = {"command=\"echo hello\" " + kFirst};
  const auto out = plan();
  ASSERT_EQ(out.write.size(), 1U);
  EXPECT_THAT(out.notes, Contains(HasSubstr("one@desk (--key) cannot unlock the machine by itself: it is tied to")));
}

TEST_F(SetupPlan, WhatHasExpiredSinceIsNoWayIn) {
  const auto before = "expiry-time=\"20200101\" " + kFirst + "\n";
  recorded.file("root/.ssh/authorized_keys", kSecond + "\n");
  wrote(kKeysFile, before);
  const auto out = plan();
  ASSERT_EQ(out.may_log_in.size(), 2U);
  EXPECT_THAT(out.may_log_in[0].why_not, HasSubstr("expired"));
  EXPECT_EQ(out.may_log_in[1].why_not, "");
}

TEST_F(SetupPlan, TheSudoUsersKeyGetsAFile) {
  recorded.environment = {{"SUDO_USER", "alice"}};
  recorded.file("root/.ssh/authorized_keys", "command=\"echo no\" " + kFirst + "\n");
  recorded.file("people/alice/.ssh/authorized_keys", kSecond + "\n");
  const auto out = plan();
  ASSERT_EQ(out.write.size(), 1U);
  EXPECT_EQ(out.write[0].path, kKeysFile);
  EXPECT_EQ(out.write[0].mode, 0600U);
  EXPECT_THAT(out.write[0].content, HasSubstr("\n" + kSecond + "\n"));
  EXPECT_THAT(out.write[0].content, testing::Not(HasSubstr("echo no")));
}

TEST_F(SetupPlan, WithoutAKeyNothingIsDone) {
  const auto out = plan();
  EXPECT_THAT(out.refusals, ElementsAre(HasSubstr("--key")));
}

TEST_F(SetupPlan, UnlockOnlyKeepsOtherOptions) {
  recorded.file("root/.ssh/authorized_keys", "from=\"10.0.0.0/8\" " + kFirst + "\n" + kSecond + "\n");
  choices.unlock_only = true;
  const auto out = plan();
  ASSERT_EQ(out.write.size(), 1U);
  EXPECT_THAT(out.write[0].content, HasSubstr("\nrestrict,command=\"unlock\",from=\"10.0.0.0/8\" ssh-ed25519"));
  EXPECT_THAT(out.write[0].content, HasSubstr("\nrestrict,command=\"unlock\" ssh-ed25519"));
}

TEST_F(SetupPlan, AnAdminsOwnFileStays) {
  recorded.environment = {{"SUDO_USER", "alice"}};
  recorded.file("people/alice/.ssh/authorized_keys", kSecond + "\n");
  recorded.file("etc/dracut-sshd/authorized_keys", kFirst + "\n");
  const auto out = plan();
  EXPECT_THAT(out.write, IsEmpty());
  ASSERT_EQ(out.keep.size(), 1U);
  EXPECT_EQ(out.keep[0].path, kKeysFile);
  EXPECT_THAT(out.notes, Contains(HasSubstr("is not in /etc/dracut-sshd/authorized_keys")));
}

TEST_F(SetupPlan, ASecondAdminIsAddedToSetupsFile) {
  recorded.environment = {{"SUDO_USER", "alice"}};
  recorded.file("people/alice/.ssh/authorized_keys", kSecond + "\n");
  wrote(kKeysFile, "# made\n" + kFirst + "\n");
  const auto out = plan();
  ASSERT_EQ(out.write.size(), 1U);
  EXPECT_THAT(out.write[0].content, HasSubstr(kFirst));
  EXPECT_THAT(out.write[0].content, HasSubstr(kSecond));
}

TEST_F(SetupPlan, ASecondRunChangesNothing) {
  recorded.environment = {{"SUDO_USER", "alice"}};
  recorded.file("people/alice/.ssh/authorized_keys", kSecond + "\n");
  const auto first = plan();
  ASSERT_EQ(first.write.size(), 1U);
  wrote(kKeysFile, first.write[0].content);
  const auto second = plan();
  EXPECT_FALSE(second.changes_files());
  EXPECT_THAT(second.unchanged, ElementsAre(kKeysFile));
  EXPECT_THAT(second.refusals, IsEmpty());
}

TEST_F(SetupPlan, WhatWasChangedSinceIsKept) {
  wrote(kKeysFile, kFirst + "\n");
  recorded.file("etc/dracut-sshd/authorized_keys", kFirst + "\n" + kSecond + "\n");
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  const auto out = plan();
  EXPECT_FALSE(out.changes_files());
  ASSERT_EQ(out.keep.size(), 1U);
}

TEST_F(SetupPlan, AgentsKeysAreTakenOnlyWhereNoFileHasOne) {
  recorded.environment = {{"SSH_AUTH_SOCK", "/tmp/agent"}};
  recorded.commands.prints("env SSH_AUTH_SOCK=/tmp/agent ssh-add -L", kSecond + "\n");
  const auto alone = plan();
  ASSERT_EQ(alone.write.size(), 1U);
  EXPECT_THAT(alone.write[0].content, HasSubstr(kSecond));
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  EXPECT_THAT(plan().write, IsEmpty());
}

TEST_F(SetupPlan, AHostKeyIsMadeOnceAndNeverInFipsMode) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  choices.own_host_key = true;
  EXPECT_TRUE(plan().make_host_key);
  recorded.file("proc/sys/crypto/fips_enabled", "1\n");
  EXPECT_FALSE(plan().make_host_key);
  recorded.file("proc/sys/crypto/fips_enabled", "0\n");
  recorded.file("etc/ssh/dracut_ssh_host_ecdsa_key", "x");
  const auto there = plan();
  EXPECT_FALSE(there.make_host_key);
  EXPECT_EQ(there.keep.at(0).path, "/etc/ssh/dracut_ssh_host_ecdsa_key");
}

TEST_F(SetupPlan, APortIsWrittenAndAForeignFileIsNot) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  choices.port = "2222";
  const auto out = plan();
  ASSERT_EQ(out.write.size(), 1U);
  EXPECT_EQ(out.write[0].path, "/etc/default/dracut-sshd");
  EXPECT_EQ(out.port, "2222");
  machine.daemon.options_file = "/etc/default/dracut-sshd";
  recorded.file("etc/default/dracut-sshd", "SSHD_OPTS=-4\n");
  EXPECT_THAT(plan().refusals, ElementsAre(HasSubstr("SSHD_OPTS")));
  for (const std::string wrong : {"0", "65536", "22 -o x", "x", "-1"}) {
    choices.port = wrong;
    EXPECT_THROW((void)plan(), base::Error) << wrong;
  }
}

TEST_F(SetupPlan, OwnNetworkFilesStay) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  recorded.file("etc/dracut-sshd/network/20-static.network", "[Match]\n");
  choices.network = true;
  const auto out = plan();
  EXPECT_FALSE(out.changes_files());
  EXPECT_EQ(out.keep.at(0).path, "/etc/dracut-sshd/network/20-static.network");
}

TEST_F(SetupPlan, ANetworkFileThatIsNotWantedAnyMoreGoes) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  wrote("/etc/dracut-sshd/network/10-setup.network", "[Match]\n");
  EXPECT_THAT(plan().remove, ElementsAre("/etc/dracut-sshd/network/10-setup.network"));
  recorded.file("etc/dracut-sshd/network/10-setup.network", "[Match]\nName=x\n");
  EXPECT_THAT(plan().remove, IsEmpty());
}

TEST_F(SetupPlan, AnotherGeneratorIsReplacedOnlyWhenAskedFor) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  machine.packages.install = {"pm", "install", "dracut-sshd"};
  machine.packages.replaced = {"other-generator"};
  EXPECT_THAT(plan().refusals, ElementsAre(HasSubstr("--replace-generator")));
  choices.replace_generator = true;
  const auto out = plan();
  EXPECT_THAT(out.refusals, IsEmpty());
  EXPECT_EQ(out.install, machine.packages.install);
}

TEST_F(SetupPlan, AContainerOrAChrootHasNoBoot) {
  recorded.file("root/.ssh/authorized_keys", kFirst + "\n");
  machine.system.container = "lxc";
  machine.system.chroot = true;
  machine.system.root = false;
  EXPECT_EQ(plan().refusals.size(), 3U);
}

}  // namespace
