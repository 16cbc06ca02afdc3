// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "fakes.hpp"
#include "recorded.hpp"
#include "setup/transaction.hpp"

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr const char* kKeys = "/etc/dracut-sshd/authorized_keys";
constexpr const char* kNetwork = "/etc/dracut-sshd/network/10-setup.network";

/// The files below a folder and what is in them, without the lock.
std::map<std::string, std::string> tree_of(const fs::path& root) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file()) out[entry.path().lexically_relative(root)] = base::read_file(entry.path(), 1U << 20U);
  out.erase("run/dracut-sshd-setup.lock");
  return out;
}

class SetupTransaction : public testing::Test {
 protected:
  recorded::Machine machine;
  fakes::Context<> fake;
  setup::Plan plan;

  SetupTransaction() {
    machine.file("etc/dracut-sshd/network/10-setup.network", "old\n");
    plan.write = {{kKeys, "keys\n", 0600, "", false}, {kNetwork, "new\n", 0644, "", false}};
  }
};

TEST_F(SetupTransaction, CommittedFilesStayAndTheManifestListsThem) {
  {
    setup::Transaction transaction(plan, machine.root(), fake);
    transaction.commit(std::nullopt, {}, "", "now");
    EXPECT_THAT(transaction.changed(), ElementsAre(kKeys, kNetwork));
  }
  const auto tree = tree_of(machine.root());
  EXPECT_EQ(tree.at("etc/dracut-sshd/authorized_keys"), "keys\n");
  EXPECT_EQ(tree.at("etc/dracut-sshd/network/10-setup.network"), "new\n");
  EXPECT_EQ(tree.size(), 3U);  // and the manifest
  EXPECT_EQ(fs::status(machine.root() / "etc/dracut-sshd/authorized_keys").permissions(), fs::perms(0600));
  const auto manifest = setup::read_manifest(machine.root());
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->find(kNetwork)->sha256, base::sha256("new\n"));
}

TEST_F(SetupTransaction, WithoutACommitAllIsAsBefore) {
  const auto before = tree_of(machine.root());
  { const setup::Transaction transaction(plan, machine.root(), fake); }
  EXPECT_EQ(tree_of(machine.root()), before);
}

TEST_F(SetupTransaction, AFailureInTheMiddleLeavesWhatWasThere) {
  plan.make_host_key = true;
  fake.runner.set([](const base::Command&) { return base::Outcome{1, false, "no", 0}; });
  const auto before = tree_of(machine.root());
  EXPECT_THROW(setup::Transaction(plan, machine.root(), fake), base::Error);
  EXPECT_EQ(tree_of(machine.root()), before);
}

TEST_F(SetupTransaction, AFolderInTheWayIsAnErrorAndChangesNothing) {
  fs::create_directories(machine.root() / "etc/dracut-sshd/authorized_keys/x");
  const auto before = tree_of(machine.root());
  EXPECT_ANY_THROW(setup::Transaction(plan, machine.root(), fake));
  EXPECT_EQ(tree_of(machine.root()), before);
}

TEST_F(SetupTransaction, RemovedFilesComeBackUnlessCommitted) {
  plan.write.clear();
  plan.remove = {kNetwork};
  const auto before = tree_of(machine.root());
  { const setup::Transaction transaction(plan, machine.root(), fake); }
  EXPECT_EQ(tree_of(machine.root()), before);
  {
    setup::Transaction transaction(plan, machine.root(), fake);
    transaction.commit(std::nullopt, {}, "", "now");
  }
  EXPECT_FALSE(fs::exists(machine.root() / "etc/dracut-sshd/network/10-setup.network"));
}

/// The process ends at each of its steps; the next run puts back what was there.
TEST_F(SetupTransaction, KilledAtAnyMomentIsPutBackByTheNextRun) {
  const auto before = tree_of(machine.root());
  for (const bool renamed : {false, true}) {
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (!renamed) {
        plan.make_host_key = true;
        fake.runner.set([](const base::Command&) -> base::Outcome { _exit(0); });
      }
      const setup::Transaction transaction(plan, machine.root(), fake);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_NE(tree_of(machine.root()), before);
    EXPECT_FALSE(setup::Transaction::recover(machine.root()).empty());
    EXPECT_EQ(tree_of(machine.root()), before) << renamed;
  }
}

TEST_F(SetupTransaction, AFileWithASecondNameThatWasNotReplacedYetLosesTheSecond) {
  const auto before = tree_of(machine.root());
  machine.file("var/lib/dracut-sshd/setup.pending",
               "dracut-sshd setup 1\nreplaced /etc/dracut-sshd/network/10-setup.network\n");
  const auto file = machine.root() / "etc/dracut-sshd/network/10-setup.network";
  fs::create_hard_link(file, file.string() + ".setup-old");
  EXPECT_THAT(setup::Transaction::recover(machine.root()), ElementsAre(kNetwork));
  EXPECT_EQ(tree_of(machine.root()), before);
}

TEST_F(SetupTransaction, AJournalOfOthersIsNotObeyed) {
  for (const std::string text : {"", "x", "dracut-sshd setup 1\nnew /etc/passwd\n", "dracut-sshd setup 1\nnew\n",
                                 "dracut-sshd setup 1\nold /etc/dracut-sshd/authorized_keys\n"}) {
    machine.file("var/lib/dracut-sshd/setup.pending", text);
    EXPECT_THROW(setup::Transaction::recover(machine.root()), base::Error) << text;
  }
}

TEST_F(SetupTransaction, TwoAtOnceAreRefused) {
  fs::create_directories(machine.root() / "run");
  const auto file = machine.root() / "run/dracut-sshd-setup.lock";
  machine.file("run/dracut-sshd-setup.lock", "4711 what an earlier one left behind\n");
  {
    const setup::SetupLock lock(machine.root());
    EXPECT_THAT([&] { setup::SetupLock second(machine.root()); },
                testing::ThrowsMessage<base::Error>(testing::HasSubstr(fmt::format("running (process {})", getpid()))));
    base::write_file(file, "\x1b[2J");  // another file: nobody holds its lock
    const int other = open(file.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
    EXPECT_THAT([&] { setup::SetupLock second(machine.root()); },
                testing::ThrowsMessage<base::Error>(testing::EndsWith("is running")));
    close(other);
  }
  EXPECT_NO_THROW(setup::SetupLock{machine.root()});
}

TEST_F(SetupTransaction, RemovalKeepsWhatWasChanged) {
  {
    setup::Transaction transaction(plan, machine.root(), fake);
    transaction.commit(std::nullopt, {}, "", "now");
  }
  machine.file("etc/dracut-sshd/authorized_keys", "mine\n");
  const auto removal = setup::remove_written(*setup::read_manifest(machine.root()), machine.root());
  EXPECT_THAT(removal.removed, ElementsAre(kNetwork));
  ASSERT_EQ(removal.kept.size(), 1U);
  EXPECT_EQ(removal.kept[0].path, kKeys);
  EXPECT_FALSE(fs::exists(machine.root() / setup::kManifest));
}

}  // namespace
