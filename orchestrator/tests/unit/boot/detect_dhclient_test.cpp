// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/dhclient.hpp"
#include "recorded.hpp"

namespace {

using detect::default_duid;
using detect::read_dhclient;
using namespace std::string_literals;

// Of Debian 13's dhclient 4.4.3, started by ifupdown.
constexpr const char* kLeases =
    "default-duid \"\\000\\001\\000\\0012\\237\\204\\227RT\\000\\0224\\020\";\nlease {\n}\n";
const std::string kArguments =
    "dhclient\0-4\0-v\0-i\0-pf\0/run/dhclient.enp0s4.pid\0-lf\0/var/lib/dhcp/dhclient.enp0s4.leases\0enp0s4\0"s;

TEST(Dhclient, NamesItselfByTheDuidOfItsLeases) {
  recorded::Machine machine;
  machine.file("run/dhclient.enp0s4.pid", "783\n");
  machine.file("proc/783/cmdline", kArguments);
  machine.file("var/lib/dhcp/dhclient.enp0s4.leases", kLeases);
  const auto found = read_dhclient(machine.source(), "enp0s4", "52:54:00:12:34:10");
  EXPECT_TRUE(found.runs);
  EXPECT_TRUE(found.by_duid);
  EXPECT_EQ(found.duid, "00010001329f849752540012"s + "3410");
  EXPECT_EQ(found.iaid, 0x00123410U);
}

TEST(Dhclient, SendsNoIdentifierWithoutThatOption) {
  recorded::Machine machine;
  machine.file("run/dhclient.eth0.pid", "783\n");
  machine.file("proc/783/cmdline", "/sbin/dhclient\0eth0\0"s);
  const auto found = read_dhclient(machine.source(), "eth0", "52:54:00:12:34:10");
  EXPECT_TRUE(found.runs);
  EXPECT_FALSE(found.by_duid);
}

TEST(Dhclient, DoesNotRunWhereTheProcessIsAnother) {
  recorded::Machine machine;
  machine.file("run/dhclient.eth0.pid", "783\n");
  machine.file("proc/783/cmdline", "sleep\0-i\0"s);
  EXPECT_FALSE(read_dhclient(machine.source(), "eth0", "52:54:00:12:34:10").runs);
  EXPECT_FALSE(read_dhclient(machine.source(), "eth1", "52:54:00:12:34:10").runs);
  machine.file("run/dhclient.eth0.pid", "../../etc\n");
  EXPECT_FALSE(read_dhclient(machine.source(), "eth0", "52:54:00:12:34:10").runs);
}

TEST(Dhclient, LeasesThatAreBrokenHaveNoDuid) {
  EXPECT_EQ(default_duid(""), "");
  EXPECT_EQ(default_duid("default-duid \"\\000\\001"), "");
  EXPECT_EQ(default_duid("default-duid \"\\00\";"), "");
  EXPECT_EQ(default_duid("default-duid \"" + std::string(200, 'x') + "\";"), "");
  EXPECT_EQ(default_duid("default-duid \"ab\\\"\\\\\";"), "6162225c");
}

}  // namespace
