// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/system.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"

namespace detect {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DetectSystem, ReadsAnInstalledDebian) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-12-initramfs-tools");
  const auto system = read_system(machine.source());
  EXPECT_EQ(system.id, "debian");
  EXPECT_EQ(system.version_id, "12");
  EXPECT_EQ(system.pretty_name, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_THAT(system.names, ElementsAre("server", "server.example.org"));
  EXPECT_EQ(system.container, "");
  EXPECT_FALSE(system.chroot);
  EXPECT_TRUE(system.systemd);
  EXPECT_EQ(system.package_manager, "apt");
  EXPECT_THAT(system.faults, IsEmpty());
}

TEST(DetectSystem, TakesTheFileInUsrWhereEtcHasNone) {
  recorded::Machine machine;
  machine.file("usr/lib/os-release", "ID='suse-x'\nVERSION_ID=\"15.6\"\nPRETTY_NAME=\"A \\\"B\\\" \\$C\"\n");
  const auto system = read_system(machine.source());
  EXPECT_EQ(system.id, "suse-x");
  EXPECT_EQ(system.version_id, "15.6");
  EXPECT_EQ(system.pretty_name, "A \"B\" $C");
}

TEST(DetectSystem, SaysWhatIsWrongWithAnOsReleaseThatLies) {
  recorded::Machine machine;
  machine.file("etc/os-release", "ID=\"a;b\x1b[2J\"\nPRETTY_NAME=\"\x1b]0;x\xff\"\nVERSION_ID=\"9\n");
  const auto system = read_system(machine.source());
  EXPECT_EQ(system.id, "");
  EXPECT_EQ(system.version_id, "");
  EXPECT_EQ(system.pretty_name.find('\x1b'), std::string::npos);
  EXPECT_THAT(system.faults, testing::Contains(HasSubstr("os-release: ID=")));
}

TEST(DetectSystem, HasNoNameThatIsNoneOfDns) {
  recorded::Machine machine;
  machine.file("etc/hostname", "# a comment\n$(reboot)\n");
  machine.file("proc/sys/kernel/hostname", "Good-1.Example.ORG\n");
  machine.file("etc/hosts",
               "127.0.0.1 localhost good-1\n192.0.2.1 good-1.example.org www -bad bad_name 1.2.3.4 # x.example\n"
               "192.0.2.2 other.example.org\n::1 ip6-localhost\n");
  const auto system = read_system(machine.source());
  EXPECT_THAT(system.names, ElementsAre("good-1", "good-1.example.org", "www"));
  EXPECT_THAT(system.faults, testing::Contains(HasSubstr("is no name of DNS")));
}

TEST(DetectSystem, AsksHostnameOnlyWhereNoFileTells) {
  recorded::Machine machine;
  machine.file("etc/hostname", "localhost\n");
  machine.commands.prints("hostname", "from-program\n");
  EXPECT_THAT(read_system(machine.source()).names, ElementsAre("from-program"));
}

TEST(DetectSystem, KnowsContainers) {
  for (const auto& [file, text, kind] : {std::tuple{"run/systemd/container", "lxc\n", "lxc"},
                                         {"run/host/container-manager", "podman", "podman"},
                                         {".dockerenv", "", "docker"},
                                         {"run/.containerenv", "", "podman"},
                                         {"run/systemd/container", "\x1b[2Jevil", "unknown"},
                                         {"proc/sys/kernel/osrelease", "5.15.0-microsoft-standard-WSL2\n", "wsl"}}) {
    recorded::Machine machine;
    machine.file(file, text);
    EXPECT_EQ(read_system(machine.source()).container, kind) << file;
  }
  recorded::Machine machine;
  machine.file("proc/1/environ", std::string("PATH=/bin\0container=systemd-nspawn\0", 35));
  EXPECT_EQ(read_system(machine.source()).container, "systemd-nspawn");
}

TEST(DetectSystem, KnowsAChrootByTheRootOfProcessOne) {
  recorded::Machine machine;
  machine.link("proc/1/root", "/");
  EXPECT_TRUE(read_system(machine.source()).chroot);
  recorded::Machine own;
  own.link("proc/1/root", own.root().string());
  EXPECT_FALSE(read_system(own.source()).chroot);
  recorded::Machine closed;
  closed.file("proc/self/mountinfo", "103 27 0:62 / /proc rw,relatime - proc proc rw\n");
  EXPECT_TRUE(read_system(closed.source()).chroot);
}

TEST(DetectSystem, KnowsOstreeAndTransactionalUpdates) {
  recorded::Machine ostree;
  ostree.file("run/ostree-booted", "");
  ostree.file("usr/bin/rpm-ostree", "#!", 0755);
  ostree.file("usr/bin/dnf", "#!", 0755);
  EXPECT_TRUE(read_system(ostree.source()).ostree);
  EXPECT_EQ(read_system(ostree.source()).package_manager, "rpm-ostree");

  recorded::Machine snapshot;
  snapshot.file("usr/sbin/transactional-update", "#!", 0755);
  snapshot.file("usr/bin/zypper", "#!", 0755);
  snapshot.file("proc/self/mountinfo", "24 1 0:25 / / ro,relatime shared:1 - btrfs /dev/vda2 rw\n");
  EXPECT_TRUE(read_system(snapshot.source()).read_only_usr);
  EXPECT_EQ(read_system(snapshot.source()).package_manager, "transactional-update");
  snapshot.file("proc/self/mountinfo", "24 1 0:25 / / rw,relatime shared:1 - btrfs /dev/vda2 rw\n");
  EXPECT_FALSE(read_system(snapshot.source()).read_only_usr);
  EXPECT_EQ(read_system(snapshot.source()).package_manager, "zypper");
}

TEST(DetectSystem, TakesThePackageManagerWhoseRepositoriesAreThere) {
  recorded::Machine machine;
  machine.file("usr/bin/apt-get", "#!", 0755);
  machine.file("usr/bin/dnf5", "#!", 0755);
  EXPECT_EQ(read_system(machine.source()).package_manager, "apt");
  machine.file("etc/yum.repos.d/fedora.repo", "[fedora]\n");
  EXPECT_EQ(read_system(machine.source()).package_manager, "dnf");
  machine.file("var/lib/dpkg/status", "x");
  EXPECT_EQ(read_system(machine.source()).package_manager, "apt");
}

TEST(DetectSystem, OfAnEmptyRootSaysWhatIsNotKnown) {
  recorded::Machine machine;
  const auto system = read_system(machine.source());
  EXPECT_THAT(system.names, IsEmpty());
  EXPECT_EQ(system.package_manager, "");
  EXPECT_FALSE(system.systemd);
  EXPECT_THAT(system.faults, ElementsAre(HasSubstr("neither /etc/os-release nor")));
}

}  // namespace
}  // namespace detect
