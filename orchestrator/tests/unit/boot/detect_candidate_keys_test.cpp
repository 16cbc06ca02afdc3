// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/candidate_keys.hpp"
#include "openssh_samples.hpp"
#include "recorded.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOne = samples::kEd25519 + " one@desk";
const std::string kTwo = samples::kAuthority + " two@desk";
const std::string kPasswd = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/people/alice:/bin/bash\n";

std::vector<std::string> origins(const detect::Keys& keys) {
  std::vector<std::string> out;
  for (const auto& one : keys.candidates) out.push_back(one.origin + (one.why_not.empty() ? "" : "!"));
  return out;
}

TEST(Keys, RootsOwnAreFound) {
  recorded::Machine machine;
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys", "# mine\n" + kOne + "\n");
  const auto keys = detect::read_keys(machine.source());
  EXPECT_EQ(keys.user, "root");
  EXPECT_THAT(origins(keys), ElementsAre("/root/.ssh/authorized_keys:2"));
  EXPECT_EQ(keys.effective, "/root/.ssh/authorized_keys");
  EXPECT_EQ(keys.candidates[0].line, kOne);
}

TEST(Keys, OfTheSudoUserComeFirstAndThoseTiedToAnEchoLast) {
  recorded::Machine machine;
  machine.environment = {{"SUDO_USER", "alice"}};
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys", "no-pty,command=\"echo 'Please login as the user alice'\" " + kOne + "\n");
  machine.file("people/alice/.ssh/authorized_keys", kTwo + "\n");
  const auto keys = detect::read_keys(machine.source());
  EXPECT_EQ(keys.user, "alice");
  EXPECT_THAT(origins(keys), ElementsAre("/people/alice/.ssh/authorized_keys:1", "/root/.ssh/authorized_keys:1!"));
  EXPECT_THAT(keys.candidates[1].why_not, HasSubstr("tied to the command"));
}

TEST(Keys, TheFilesThatSshdNamesAreRead) {
  recorded::Machine machine;
  machine.file("etc/passwd", kPasswd);
  machine.file("etc/ssh/keys/root", kOne + "\n");
  machine.commands.prints("sshd -T", "port 22\nauthorizedkeysfile /etc/ssh/keys/%u %h/none\n");
  EXPECT_THAT(origins(detect::read_keys(machine.source())), ElementsAre("/etc/ssh/keys/root:1"));
}

TEST(Keys, FromIsComparedWithTheSession) {
  recorded::Machine machine;
  machine.environment = {{"SSH_CONNECTION", "198.51.100.7 40000 192.0.2.1 22"}};
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys",
               "from=\"10.0.0.0/8\" " + kOne + "\nfrom=\"198.51.100.0/24\" " + kTwo + "\n");
  const auto keys = detect::read_keys(machine.source());
  EXPECT_THAT(origins(keys), ElementsAre("/root/.ssh/authorized_keys:2", "/root/.ssh/authorized_keys:1!"));
  EXPECT_THAT(keys.candidates[1].why_not, HasSubstr("198.51.100.7"));
}

TEST(Keys, UnlockIsAUsefulCommandAndAnExpiredKeyIsNone) {
  recorded::Machine machine;
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys",
               "restrict,command=\"unlock\" " + kOne + "\nexpiry-time=\"20200101\" " + kTwo + "\n");
  EXPECT_THAT(origins(detect::read_keys(machine.source())),
              ElementsAre("/root/.ssh/authorized_keys:1", "/root/.ssh/authorized_keys:2!"));
}

TEST(Keys, AnAgentsKeysAreListedOnce) {
  recorded::Machine machine;
  machine.environment = {{"SSH_AUTH_SOCK", "/tmp/agent.1"}};
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys", kOne + "\n");
  machine.commands.prints("env SSH_AUTH_SOCK=/tmp/agent.1 ssh-add -L", kOne + "\n" + kTwo + "\nnot a key\n");
  EXPECT_THAT(origins(detect::read_keys(machine.source())), ElementsAre("/root/.ssh/authorized_keys:1", "agent"));
}

TEST(Keys, TheModulesOrderOfFilesHoldsAndOnOstreeOnlyOneCounts) {
  recorded::Machine machine;
  machine.file("etc/passwd", kPasswd);
  machine.file("root/.ssh/authorized_keys", kOne + "\n");
  machine.file("etc/dracut-sshd/authorized_keys", kTwo + "\n");
  EXPECT_EQ(detect::read_keys(machine.source()).effective, "/etc/dracut-sshd/authorized_keys");
  machine.file("root/.ssh/dracut_authorized_keys", kOne + "\n");
  EXPECT_EQ(detect::read_keys(machine.source()).effective, "/root/.ssh/dracut_authorized_keys");
  machine.file("run/ostree-booted", "");
  EXPECT_EQ(detect::read_keys(machine.source()).effective, "/etc/dracut-sshd/authorized_keys");
}

TEST(Keys, HostKeysOfTheInitramfsAreFound) {
  recorded::Machine machine;
  machine.file("etc/ssh/dracut_ssh_host_ed25519_key", "x");
  machine.file("etc/ssh/dracut_ssh_host_ed25519_key.pub", "x");
  machine.file("etc/ssh/ssh_host_ed25519_key", "x");
  EXPECT_THAT(detect::read_keys(machine.source()).host_keys, ElementsAre("/etc/ssh/dracut_ssh_host_ed25519_key"));
  machine.file("etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred", "x");
  EXPECT_THAT(detect::read_keys(machine.source()).host_keys,
              ElementsAre("/etc/dracut-sshd/sealed/ssh_host_ed25519_key.cred"));
}

TEST(Keys, LyingSourcesAreFaultsAndNeverThrow) {
  recorded::Machine machine;
  machine.environment = {{"SUDO_USER", "../../etc"}, {"SSH_AUTH_SOCK", "-x"}, {"SSH_CONNECTION", "\x1b[31m x y"}};
  machine.file("etc/passwd", "root:x:0:0:root\nroot\n\xff\xfe\n");
  machine.file("root/.ssh/authorized_keys", "ssh-ed25519 AAAA broken\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n");
  machine.commands.prints("sshd -T", std::string(100000, '\xff'));
  const auto keys = detect::read_keys(machine.source());
  EXPECT_EQ(keys.user, "root");
  EXPECT_THAT(keys.candidates, IsEmpty());
  EXPECT_FALSE(keys.faults.empty());
}

}  // namespace
