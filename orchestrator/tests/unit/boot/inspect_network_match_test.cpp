// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inspect/network_match.hpp"

namespace inspect {
namespace {

const std::vector<host::Nic> kNics{{"enp1s0", "virtio_net", "virtio_net", "52:54:00:ab:00:01"}};

std::string why(const std::string& text, const std::set<std::string>& made = {}) {
  return why_for_no_nic(text, kNics, made);
}

TEST(NetworkMatch, AFileIsForACardByNameAddressDriverAndType) {
  for (const auto* match : {"Name=enp1s0", "Name=eth* en*", "Name=!wl*", "MACAddress=52-54-00-AB-00-01",
                            "MACAddress=00:00:00:00:00:01 5254.00ab.0001", "PermanentMACAddress=52:54:00:ab:00:01",
                            "Driver=virtio*", "Type=ether", "Path=pci-0000:01:00.0-*", "", "Name=enp1s0\nType=ether"})
    EXPECT_EQ(why(std::string("[Match]\n") + match + "\n[Network]\nDHCP=yes\n"), "") << match;
  EXPECT_EQ(why("[Network]\nDHCP=yes\n"), "");
}

TEST(NetworkMatch, WhatIsForAnotherMachinesCardIsTold) {
  EXPECT_EQ(why("[Match]\nName=enp9s0\n"), "it is for Name=enp9s0, and this machine has enp1s0 (52:54:00:ab:00:01)");
  for (const auto* match : {"Name=!en*", "MACAddress=52:54:00:ab:00:02", "Driver=e1000e", "Type=wlan",
                            "Name=enp1s0\nMACAddress=52:54:00:ab:00:02"})
    EXPECT_NE(why(std::string("[Match]\n") + match), "") << match;
}

TEST(NetworkMatch, ADeviceThatANetdevFileMakesIsOne) {
  EXPECT_NE(why("[Match]\nName=vlan5\n"), "");
  EXPECT_EQ(why("[Match]\nName=vlan5\n", {"vlan5"}), "");
}

TEST(NetworkMatch, AKeyfileOfNetworkManagerNamesItsCard) {
  EXPECT_EQ(why("[connection]\nid=a\ninterface-name=enp1s0\n"), "");
  EXPECT_NE(why("[connection]\nid=a\ninterface-name=eno1\n"), "");
  EXPECT_NE(why("[connection]\nid=a\n[ethernet]\nmac-address=00:11:22:33:44:55\n"), "");
}

TEST(NetworkMatch, WithoutCardsNothingCanBeTold) { EXPECT_EQ(why_for_no_nic("[Match]\nName=a\n", {}, {}), ""); }

}  // namespace
}  // namespace inspect
