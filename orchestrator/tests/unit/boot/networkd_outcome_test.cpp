// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "networkd/outcome.hpp"

namespace networkd {
namespace {

/// What becomes of one interface, with these .network files in this order.
Outcome outcome(const std::vector<std::string>& files, const Link& link, const Environment& environment = {}) {
  Configuration all;
  for (const auto& text : files) {
    ConfigText config;
    read_config(text, config);
    all.networks.push_back(network_file_of("/" + std::to_string(all.networks.size()) + ".network", config));
  }
  return outcomes_of(all, environment, {link}).front();
}

Tri reached(const std::string& match, const Link& link = {}) {
  return outcome({"[Match]\n" + match + "\n[Network]\nDHCP=yes\n"}, link).reached;
}

TEST(NetworkdOutcome, OfAnInterfaceThatIsNotKnownWhatAllWiredOnesAreLikeIsTold) {
  for (const auto* match :
       {"Type=ether", "Name=*", "Name=en* eth*", "Name=e*", "Name=!wl* ww*", "Type=ether\nKind=!*", "Driver=*"})
    EXPECT_EQ(reached(match), Tri::yes) << match;
  for (const auto* match : {"Name=wl*", "Name=lo", "Type=wlan", "Kind=bridge", "", "Name=!e*"})
    EXPECT_EQ(reached(match), Tri::no) << match;
  for (const auto* match : {"Name=enp1s0", "Name=en*", "Name=lan0", "Name=!eth0", "MACAddress=52:54:00:ab:00:01",
                            "PermanentMACAddress=52:54:00:ab:00:01", "Driver=virtio_net", "Path=pci-0000:01:00.0"})
    EXPECT_EQ(reached(match), Tri::maybe) << match;
}

TEST(NetworkdOutcome, OfOneThatIsKnownWhatIsKnownOfItDecides) {
  Link link;
  link.name = "enp1s0";
  link.driver = "virtio_net";
  link.address = "52:54:00:ab:00:01";
  for (const auto* match : {"Name=enp1s0", "Name=enp1*", "Driver=virtio*", "MACAddress=52-54-00-AB-00-01"})
    EXPECT_EQ(reached(match, link), Tri::yes) << match;
  for (const auto* match : {"Name=enp2s0", "Name=eth0", "Driver=e1000e", "MACAddress=52:54:00:ab:00:02"})
    EXPECT_EQ(reached(match, link), Tri::no) << match;
  // Another name that udev may have given it, and an address that may be another than that in use.
  EXPECT_EQ(reached("Name=eno1", link), Tri::maybe);
  EXPECT_EQ(reached("PermanentMACAddress=52:54:00:ab:00:01", link), Tri::maybe);
  link.alternative_names = {"eno1"};
  link.permanent_address = "52:54:00:ab:00:03";
  EXPECT_EQ(reached("Name=eno1", link), Tri::yes);
  EXPECT_EQ(reached("Name=eno2", link), Tri::no);
  EXPECT_EQ(reached("PermanentMACAddress=52:54:00:ab:00:03", link), Tri::yes);
}

TEST(NetworkdOutcome, AFileOfWhichNothingIsKnownMakesTheNextOnesUncertain) {
  const std::string dhcp = "[Match]\nType=ether\n[Network]\nDHCP=yes\n";
  const std::string off = "[Match]\nType=ether\nVirtualization=vm\n[Link]\nUnmanaged=yes\n";
  EXPECT_EQ(outcome({off, dhcp}, {}).reached, Tri::maybe);
  EXPECT_EQ(outcome({dhcp, off}, {}).reached, Tri::yes);
  EXPECT_EQ(outcome({"[Match]\nType=ether\nVirtualization=vm\n[Network]\nDHCP=yes\n", dhcp}, {}).reached, Tri::yes);
}

TEST(NetworkdOutcome, ADefaultFileThatStaysAwayWhereIpIsSaidIsNoReasonToDoubt) {
  const std::string file = "[Match]\nType=ether\nKernelCommandLine=!ip\n[Network]\nDHCP=yes\n";
  EXPECT_EQ(outcome({file}, {}).reached, Tri::yes);
  Environment environment;
  environment.cmdline = std::vector<std::string>{"quiet", "ip=dhcp"};
  EXPECT_EQ(outcome({file}, {}, environment).reached, Tri::no);
}

/// All that a set of files makes of a machine with eth0.
std::vector<Outcome> outcomes(const std::vector<std::string>& networks, const std::vector<std::string>& netdevs,
                              Configuration& all) {
  const auto config = [](const std::string& text) {
    ConfigText out;
    read_config(text, out);
    return out;
  };
  for (const auto& text : networks) all.networks.push_back(network_file_of("/n.network", config(text)));
  for (const auto& text : netdevs) all.netdevs.push_back(netdev_file_of("/d.netdev", config(text)));
  Link link;
  link.name = "eth0";
  return outcomes_of(all, {}, {link});
}

// Of kinds that not every kernel can make: what Debian 13's systemd-networkd did in a boot.
TEST(NetworkdOutcome, AVlanOnABondIsReachedWhereAnInterfaceIsBelowIt) {
  const std::vector<std::string> netdevs{"[NetDev]\nName=bond0\nKind=bond\n",
                                         "[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5\n"};
  const std::vector<std::string> upper{"[Match]\nName=bond0\n[Network]\nVLAN=v5\nLinkLocalAddressing=no\n",
                                       "[Match]\nName=v5\n[Network]\nAddress=192.0.2.5/24\n"};
  auto networks = upper;
  Configuration without;
  EXPECT_EQ(outcomes(networks, netdevs, without).back().reached, Tri::no);
  networks.insert(networks.begin(), "[Match]\nName=eth0\n[Network]\nBond=bond0\n");
  Configuration with;
  const auto all = outcomes(networks, netdevs, with);
  EXPECT_EQ(all.front().reached, Tri::no) << "a port has no address of its own";
  EXPECT_EQ(all.back().link, "v5");
  EXPECT_EQ(all.back().reached, Tri::yes);
  EXPECT_EQ(all.back().address, "192.0.2.5/24");
}

TEST(NetworkdOutcome, DevicesThatCarryEachOtherEnd) {
  Configuration all;
  for (const auto& each : outcomes(
           {"[Match]\nName=b1\n[Network]\nBridge=b2\nDHCP=yes\n", "[Match]\nName=b2\n[Network]\nBridge=b1\nDHCP=yes\n"},
           {"[NetDev]\nName=b1\nKind=bridge\n", "[NetDev]\nName=b2\nKind=bridge\n"}, all))
    EXPECT_EQ(each.reached, Tri::no) << each.link;
}

TEST(NetworkdOutcome, ANetdevFileThatNetworkdIgnoresSaysWhy) {
  const auto fault = [](const std::string& text) {
    ConfigText config;
    read_config(text, config);
    return netdev_file_of("/d.netdev", config).fault;
  };
  EXPECT_EQ(fault("[NetDev]\nName=v5\nKind=vlan\nId=5\n"), "[VLAN] has no Id= from 0 to 4094");
  EXPECT_EQ(fault("[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5000\n"), "[VLAN] has no Id= from 0 to 4094");
  EXPECT_EQ(fault("[NetDev]\nName=b\nKind=brigde\n"), "Kind= is not one that networkd knows");
  EXPECT_EQ(fault("[NetDev]\nKind=bridge\n"), "[NetDev] has no Name=");
  EXPECT_EQ(fault("[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKeyFile=/etc/wg.key\n"), "");
}

TEST(NetworkdOutcome, ATunnelsKeyIsInTheFileInAnotherOneOrACredential) {
  const auto device = [](const std::string& settings) {
    ConfigText config;
    read_config("[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\n" + settings, config);
    return netdev_file_of("/etc/systemd/network/50-wg0.netdev", config);
  };
  EXPECT_EQ(device("PrivateKey=secret\n").credential, "");
  EXPECT_EQ(device("PrivateKeyFile=/etc/wg.key\n").credential, "");
  EXPECT_EQ(device("PrivateKeyFile=/etc/wg.key\n").key_file, "/etc/wg.key");
  EXPECT_EQ(device("PrivateKey=@network.wireguard.home\n").credential, "network.wireguard.home");
  EXPECT_EQ(device("ListenPort=1\n").credential, "network.wireguard.private.50-wg0");
  EXPECT_EQ(device("ListenPort=1\n").fault, "");
  const auto peers = device(
      "PrivateKey=x\n[WireGuardPeer]\nPublicKey=a\nPresharedKeyFile=/etc/a\n[WireGuardPeer]\nPublicKey=b\n"
      "PresharedKeyFile=/etc/b\n");
  EXPECT_EQ(peers.preshared_key_files, (std::vector<std::string>{"/etc/a", "/etc/b"}));
}

TEST(NetworkdOutcome, ATunnelIsCarriedByWhateverHasAnAddress) {
  const std::string tunnel = "[Match]\nName=wg0\n[Network]\nAddress=10.88.0.2/24\n";
  const std::string device = "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKeyFile=/etc/wg.key\n";
  Configuration all;
  auto both = outcomes({"[Match]\nType=ether\n[Network]\nDHCP=yes\n", tunnel}, {device}, all);
  EXPECT_EQ(both.back().link, "wg0");
  EXPECT_EQ(both.back().reached, Tri::yes);
  EXPECT_EQ(both.back().address, "10.88.0.2/24");
  Configuration alone;
  for (const auto& each : outcomes({tunnel}, {device}, alone)) EXPECT_EQ(each.reached, Tri::no) << each.link;
}

}  // namespace
}  // namespace networkd
