// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/daemon.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"

namespace detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DetectDaemon, TheSystemsOwnSettingsDoNotCount) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("etc/ssh/sshd_config.d/50-x.conf",
               "PubkeyAuthentication no\nMatch Address 192.0.2.0/24\n  ForceCommand id\n");
  const auto daemon = read_daemon(machine.source());
  EXPECT_EQ(daemon.program, "/usr/sbin/sshd");
  EXPECT_EQ(daemon.image_port, "22");
  EXPECT_EQ(daemon.port_from, "");
  EXPECT_EQ(daemon.options_file, "");
  EXPECT_FALSE(daemon.own_configuration);
  EXPECT_THAT(daemon.irrelevant, ElementsAre("Port 2222 (/etc/ssh/sshd_config:2)", HasSubstr("PermitRootLogin no"),
                                             "PubkeyAuthentication no (/etc/ssh/sshd_config.d/50-x.conf:1)",
                                             HasSubstr("PasswordAuthentication no"), HasSubstr("AllowUsers anna"),
                                             HasSubstr("Match Address 192.0.2.0/24")));
  EXPECT_THAT(daemon.faults, IsEmpty());
}

TEST(DetectDaemon, NothingUnusualIsNotSaid) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-12-initramfs-tools");
  EXPECT_THAT(read_daemon(machine.source()).irrelevant, IsEmpty());
}

TEST(DetectDaemon, ThePortOfTheImage) {
  for (const auto& [text, port] : {std::pair{"SSHD_OPTS=\"-p 2222\"\n", "2222"},
                                   {"SSHD_OPTS='-o LogLevel=DEBUG -oPort=2223'\n", "2223"},
                                   {"# SSHD_OPTS=\"-p 1\"\nSSHD_OPTS=-p2224\n", "2224"},
                                   {"SSHD_OPTS=\"-p 22 -p 2225\"\n", "22"},
                                   {"OPTIONS=\"-p 2226\"\n", "2226"},
                                   {"SSHD_OPTS=\"-4\"\n", "22"}}) {
    recorded::Machine machine;
    machine.file("etc/sysconfig/dracut-sshd", text);
    const auto daemon = read_daemon(machine.source());
    EXPECT_EQ(daemon.image_port, port) << text;
    EXPECT_EQ(daemon.options_file, "/etc/sysconfig/dracut-sshd");
  }
}

TEST(DetectDaemon, TheLaterFileWins) {
  recorded::Machine machine;
  machine.file("etc/default/ssh", "SSHD_OPTS=\"-p 2000\"\n");
  auto daemon = read_daemon(machine.source());
  EXPECT_EQ(daemon.image_port, "2000");
  EXPECT_EQ(daemon.port_from, "/etc/default/ssh");
  EXPECT_EQ(daemon.options_file, "");
  machine.file("etc/sysconfig/dracut-sshd", "SSHD_OPTS=\"-p 2001\"\n");
  machine.file("etc/default/dracut-sshd", "SSHD_OPTS=\"-p 2002\"\n");
  daemon = read_daemon(machine.source());
  EXPECT_EQ(daemon.image_port, "2002");
  EXPECT_EQ(daemon.options_file, "/etc/default/dracut-sshd");
}

TEST(DetectDaemon, APortOfTheConfigurationForTheImage) {
  recorded::Machine machine;
  machine.file("etc/dracut-sshd/sshd_config", "Port 2300\n");
  auto daemon = read_daemon(machine.source());
  EXPECT_TRUE(daemon.own_configuration);
  EXPECT_EQ(daemon.image_port, "2300");
  machine.file("etc/dracut-sshd/sshd_config.d/a.conf", "Port 2400\n");
  daemon = read_daemon(machine.source());
  EXPECT_EQ(daemon.image_port, "2400");
  EXPECT_THAT(daemon.drop_ins, ElementsAre("/etc/dracut-sshd/sshd_config.d/a.conf"));
  machine.file("etc/default/dracut-sshd", "SSHD_OPTS=\"-p 2500\"\n");
  EXPECT_EQ(read_daemon(machine.source()).image_port, "2500");
}

TEST(DetectDaemon, APortThatIsNoneIsSaid) {
  for (const auto* text : {"SSHD_OPTS=\"-p ssh\"\n", "SSHD_OPTS=\"-p 0\"\n", "SSHD_OPTS=\"-p 99999\"\n"}) {
    recorded::Machine machine;
    machine.file("etc/default/dracut-sshd", text);
    const auto daemon = read_daemon(machine.source());
    EXPECT_EQ(daemon.image_port, "22");
    EXPECT_THAT(daemon.faults, ElementsAre(HasSubstr("is no port"))) << text;
  }
}

TEST(DetectDaemon, HostileFilesThrowNothing) {
  recorded::Machine machine;
  machine.file("etc/ssh/sshd_config",
               "Include /etc/ssh/../../etc/shadow\nInclude /etc/ssh/sshd_config\nPort \xff\x1b\n\"\n");
  machine.file("etc/default/dracut-sshd", "SSHD_OPTS=\"-p\n");
  machine.file("etc/sysconfig/dracut-sshd", std::string(2000000, 'x'));
  const auto daemon = read_daemon(machine.source());
  EXPECT_EQ(daemon.program, "");
  EXPECT_EQ(daemon.image_port, "22");
  for (const auto& each : daemon.irrelevant) EXPECT_EQ(each.find('\x1b'), std::string::npos);
  EXPECT_THAT(daemon.faults, testing::Contains(HasSubstr("/etc/sysconfig/dracut-sshd cannot be read")));
}

}  // namespace
}  // namespace detect
