// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.hpp"
#include "networkd/kernel_words.hpp"

namespace networkd {
namespace {

/// "name: text" of each file, the text on one line.
std::vector<std::string> made_of(const std::vector<std::string>& words) {
  const auto made = files_of_kernel_words(words);
  if (!made.fault.empty()) return {"fault: " + made.fault};
  std::vector<std::string> out;
  for (const auto& [name, text] : made.files)
    out.push_back(name + ": " + std::string(base::trim(base::replace_all(text, "\n", " "))));
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

// What the systemd-network-generator of systemd 252 makes of them, as far as it decides about an address.
TEST(NetworkdKernelWords, AWordBecomesAFileForItsInterfaceOrForAll) {
  EXPECT_THAT(made_of({"quiet"}), IsEmpty());
  EXPECT_THAT(made_of({"ip=eth0:dhcp"}), ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=ipv4"));
  EXPECT_THAT(made_of({"ip=dhcp"}),
              ElementsAre("91-default.network: [Match] Kind=!* Type=!loopback [Network] DHCP=ipv4"));
  EXPECT_THAT(made_of({"ip=eth0:dhcp", "ip=eth0:dhcp6"}),
              ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=ipv6"));
  EXPECT_THAT(made_of({"ip=:::::eth0:dhcp"}), ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=ipv4"));
}

TEST(NetworkdKernelWords, AStaticAddressHasItsMaskAndItsGateway) {
  EXPECT_THAT(made_of({"ip=10.0.0.5::10.0.0.1:255.255.255.0::eth0:on"}),
              ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=yes [Address] Address=10.0.0.5/24 [Route] "
                          "Gateway=10.0.0.1"));
  EXPECT_THAT(made_of({"ip=10.0.0.5:::::eth0:on"}),
              ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=yes [Address] Address=10.0.0.5/32"));
  EXPECT_THAT(made_of({"ip=[2001:db8::5]::[fe80::1]:64::eth0:on:1500:52:54:00:ab:00:01"}),
              ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=yes [Address] Address=2001:db8::5/64 "
                          "[Route] Gateway=fe80::1"));
  EXPECT_THAT(made_of({"ip=10.0.0.5::10.0.0.1:24:host:eth0:on:1.1.1.1:2.2.2.2"}),
              ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] DHCP=yes [Address] Address=10.0.0.5/24 [Route] "
                          "Gateway=10.0.0.1"));
}

TEST(NetworkdKernelWords, DevicesAreMade) {
  EXPECT_THAT(made_of({"vlan=vlan5:eth0"}), ElementsAre("90-eth0.network: [Match] Name=eth0 [Network] VLAN=vlan5",
                                                        "90-vlan5.netdev: [NetDev] Kind=vlan Name=vlan5 [VLAN] Id=5"));
  EXPECT_THAT(made_of({"bond=bond0:eth0,eth1", "ip=bond0:dhcp"}),
              ElementsAre("90-bond0.network: [Match] Name=bond0 [Network] DHCP=ipv4",
                          "90-eth0.network: [Match] Name=eth0 [Network] Bond=bond0",
                          "90-eth1.network: [Match] Name=eth1 [Network] Bond=bond0",
                          "90-bond0.netdev: [NetDev] Kind=bond Name=bond0"));
}

TEST(NetworkdKernelWords, WhatItCannotReadLeavesNothing) {
  for (const std::string word :
       {"ip=", "ip", "ip=eth0:dhcp,dhcp6", "ip=eth0:dhpc", "ip=eth0",
        "ip=10.0.0.5::10.0.0.1:24::enp0s3.5.6.7.8.9.0.a.b:none", "ip=10.0.0.500::10.0.0.1:24::eth0:none",
        "ip=[2001:db8::5::[fe80::1]:64::eth0:none", "vlan=a:eth0", "vlan=vlan5000:eth0", "rd.route=10.1.0.0/16",
        "nameserver=dns", "ifname=eth0:zz", "bond=bond0:eth/0"})
    EXPECT_THAT(made_of({"ip=eth1:dhcp", word}), ElementsAre("fault: " + word));
}

}  // namespace
}  // namespace networkd
