// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"
#include "detect/network_read.hpp"
#include "golden.hpp"
#include "network_state.hpp"
#include "networkd/outcome.hpp"
#include "setup/network_files.hpp"

namespace {

using detect::BootChain;
using detect::Link;
using detect::LinkKind;
using detect::Network;
using detect::NetworkStack;
using setup::NetworkPlan;
using setup::plan_network;
using testing::Test;

constexpr std::string_view kFolder = "/etc/dracut-sshd/network/";

BootChain boot_with(NetworkStack stack) {
  BootChain boot;
  boot.stack = stack;
  return boot;
}

std::string text_of(const NetworkPlan& plan) {
  auto out = fmt::format("summary: {}\naddress: {}\n", plan.summary, plan.address);
  for (const auto& note : plan.notes) out += "note: " + note + "\n";
  if (!plan.problem.empty()) out += fmt::format("problem: {}\nremedy: {}\n", plan.problem, plan.remedy);
  for (const auto& file : plan.files)
    out += fmt::format("--- {} {:04o} ({})\n{}", file.path, file.mode, file.purpose, file.content);
  return out;
}

/// What networkd makes of planned files in an initramfs, where the interfaces have other names.
struct Tried {
  networkd::Configuration configuration;
  std::vector<networkd::Outcome> outcomes;
};

Tried try_files(const NetworkPlan& plan, const Network& network) {
  Tried out;
  for (const auto& file : plan.files) {
    networkd::ConfigText config;
    networkd::read_config(file.content, config);
    EXPECT_TRUE(file.path.starts_with(kFolder)) << file.path;
    if (file.path.ends_with(".netdev"))
      out.configuration.netdevs.push_back(networkd::netdev_file_of(file.path, config));
    else
      out.configuration.networks.push_back(networkd::network_file_of(file.path, config));
  }
  std::ranges::sort(out.configuration.networks, {}, &networkd::NetworkFile::path);
  std::vector<networkd::Link> links;
  for (const auto& each : network.chain) {
    if (each.kind != LinkKind::nic) continue;
    networkd::Link link;
    link.name = fmt::format("renamed{}", links.size());
    link.alternative_names.emplace();
    link.driver = each.driver;
    link.path = each.path.empty() ? "pci-0000:99:00.0" : each.path;
    link.address = each.permanent_mac;
    link.permanent_address = each.permanent_mac;
    links.push_back(link);
  }
  // Another one, which the files must not take.
  networkd::Link other;
  other.name = "other0";
  other.alternative_names.emplace();
  other.driver = "other";
  other.path = "pci-0000:77:00.0";
  other.address = other.permanent_address = "52:54:00:77:77:77";
  links.push_back(other);
  networkd::Environment environment;
  environment.cmdline.emplace();
  out.outcomes = networkd::outcomes_of(out.configuration, environment, links);
  return out;
}

/// Exactly one interface of the initramfs is reached, and everything in the files is taken.
void expect_reachable(const NetworkPlan& plan, const Network& network) {
  const auto tried = try_files(plan, network);
  for (const auto& file : tried.configuration.netdevs) EXPECT_EQ(file.fault, "") << file.path;
  for (const auto& file : tried.configuration.networks) {
    EXPECT_EQ(file.fault + file.doubt, "") << file.path;
    EXPECT_TRUE(file.ignored.empty()) << file.path;
    EXPECT_EQ(networkd::unreachable_route(file), nullptr) << file.path;
    // A file that nothing matches is one too many.
    EXPECT_TRUE(std::ranges::any_of(tried.outcomes, [&](const auto& each) {
      return std::ranges::any_of(each.by, [&](const auto* by) { return by == &file; });
    })) << file.path;
  }
  std::string all;
  int reached = 0;
  for (const auto& each : tried.outcomes) {
    all += fmt::format("{}: {} {} {}\n", each.link, static_cast<int>(each.reached), each.address, each.why);
    reached += each.reached == networkd::Tri::yes || each.only_advertised ? 1 : 0;
    if (each.link == "other0") EXPECT_EQ(each.reached, networkd::Tri::no) << all;
  }
  EXPECT_EQ(reached, 1) << all << text_of(plan);
}

class PlannedNetworks : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    machine = network_state::machine(network_state::read(GetParam()));
    network = detect::read_network(machine->source());
  }
  std::unique_ptr<recorded::Machine> machine;
  Network network;
};

TEST_P(PlannedNetworks, AreAsAccepted) {
  std::string out;
  for (const auto& [name, stack] : {std::pair{"systemd-networkd", NetworkStack::networkd},
                                    std::pair{"NetworkManager", NetworkStack::network_manager},
                                    std::pair{"dracut's scripts", NetworkStack::legacy}})
    out += fmt::format("===== {}\n{}\n", name, text_of(plan_network(network, boot_with(stack))));
  golden::compare("../states/" + GetParam() + "/plan.txt", out);
}

TEST_P(PlannedNetworks, ReachTheInterfaceWithEveryReleaseOfNetworkd) {
  for (const unsigned version : {0U, 239U, 242U, 252U, 257U}) {
    network.systemd_version = version;
    const auto plan = plan_network(network, boot_with(NetworkStack::networkd));
    SCOPED_TRACE(version);
    if (!plan.problem.empty()) {
      EXPECT_TRUE(plan.files.empty());
      EXPECT_FALSE(plan.remedy.empty());
    }
    if (!plan.files.empty()) expect_reachable(plan, network);
  }
}

TEST_P(PlannedNetworks, HaveFilesThatArePlannedTwiceAlike) {
  for (const auto stack : {NetworkStack::networkd, NetworkStack::network_manager})
    EXPECT_EQ(text_of(plan_network(network, boot_with(stack))), text_of(plan_network(network, boot_with(stack))));
}

INSTANTIATE_TEST_SUITE_P(All, PlannedNetworks, testing::ValuesIn(network_state::names()),
                         [](const auto& each) { return base::replace_all(each.param, "-", "_"); });

class PlanNetwork : public Test {
 protected:
  void SetUp() override { load("network-static4"); }
  void load(const std::string& name) {
    network = detect::read_network(network_state::machine(network_state::read(name))->source());
  }
  [[nodiscard]] NetworkPlan plan(NetworkStack stack = NetworkStack::networkd) const {
    return plan_network(network, boot_with(stack));
  }
  [[nodiscard]] static std::string content(const NetworkPlan& plan, const std::string& name) {
    const auto found = std::ranges::find(plan.files, std::string(kFolder) + name, &setup::PlannedFile::path);
    return found == plan.files.end() ? "(no " + name + ")" : found->content;
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
  static bool has_note(const NetworkPlan& plan, std::string_view part) {
    return std::ranges::any_of(plan.notes, [&](const auto& note) { return has(note, part); });
  }
  Network network;
};

TEST_F(PlanNetwork, WordsOfTheCommandLineWin) {
  auto boot = boot_with(NetworkStack::networkd);
  boot.network_words = {"ip=192.0.2.9::192.0.2.1:24::eth0:none", "\x1b[2J"};
  const auto plan = plan_network(network, boot);
  EXPECT_TRUE(plan.files.empty());
  EXPECT_EQ(plan.problem, "");
  EXPECT_TRUE(has_note(plan, "ip=192.0.2.9::192.0.2.1:24::eth0:none"));
  EXPECT_FALSE(has_note(plan, "\x1b"));
}

TEST_F(PlanNetwork, AnAdministratorsNoIsANo) {
  auto boot = boot_with(NetworkStack::none);
  boot.network_setting = "no";
  const auto plan = plan_network(network, boot);
  EXPECT_TRUE(plan.files.empty());
  EXPECT_EQ(plan.problem, "");
  EXPECT_TRUE(has_note(plan, "NETWORK=no"));
}

TEST_F(PlanNetwork, WithoutAnyStackThereIsAProblem) {
  const auto plan = this->plan(NetworkStack::none);
  EXPECT_TRUE(plan.files.empty());
  EXPECT_NE(plan.problem, "");
  EXPECT_NE(plan.remedy, "");
}

TEST_F(PlanNetwork, OldReleasesGetTheWordsTheyKnow) {
  load("network-hetzner");
  network.systemd_version = 239;
  const auto text = content(plan(), "10-setup.network");
  EXPECT_TRUE(has(text, "\nMACAddress=52:54:00:00:00:01\n")) << text;
  EXPECT_TRUE(has(text, "\nGatewayOnlink=yes\n")) << text;
  EXPECT_FALSE(has(text, "KeepConfiguration")) << text;
  network.systemd_version = 252;
  const auto later = content(plan(), "10-setup.network");
  EXPECT_TRUE(has(later, "\nPermanentMACAddress=52:54:00:00:00:01\n")) << later;
  EXPECT_TRUE(has(later, "\nGatewayOnLink=yes\n")) << later;
  EXPECT_TRUE(has(later, "\nKeepConfiguration=no\n")) << later;
}

TEST_F(PlanNetwork, InOldReleasesAVlanIsNotTakenForItsInterface) {
  load("network-vlan");
  network.systemd_version = 239;
  EXPECT_TRUE(has(content(plan(), "10-setup-eth0.network"), "MACAddress=52:54:00:00:00:01\nPath=*\n"));
}

TEST_F(PlanNetwork, InterfacesThatShareAnAddressAreToldByTheirDriver) {
  network.chain[0].shared_mac = true;
  network.chain[0].driver = "hv_netvsc";
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "PermanentMACAddress=52:54:00:00:00:01\nDriver=hv_netvsc\n"));
  EXPECT_TRUE(
      has(content(plan(NetworkStack::network_manager), "10-setup.nmconnection"), "[match]\ndriver=hv_netvsc;\n"));
}

TEST_F(PlanNetwork, WithoutAPermanentAddressThePlaceCountsThenTheOnlyOne) {
  network.chain[0].permanent_mac.clear();
  network.chain[0].path = "platform-fe300000.ethernet";
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "[Match]\nPath=platform-fe300000.ethernet\n"));
  network.chain[0].path.clear();
  network.nics = {"eth0"};
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "[Match]\nType=ether\nKind=!*\n"));
  network.nics = {"eth0", "eth1"};
  EXPECT_TRUE(plan().files.empty());
  EXPECT_TRUE(has(plan().problem, "permanent hardware address"));
}

TEST_F(PlanNetwork, ASmallMtuNeedsAFileEvenWithDhcp) {
  load("network-dhcp");
  EXPECT_TRUE(plan().files.empty());
  network.chain[0].mtu = 9000;
  EXPECT_TRUE(plan().files.empty());
  network.chain[0].mtu = 1400;
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "[Link]\nMTUBytes=1400\n"));
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "DHCP=ipv4\n"));
  EXPECT_EQ(plan(NetworkStack::legacy).problem, "");
  EXPECT_TRUE(has_note(plan(NetworkStack::legacy), "ip=eth0:dhcp:1400 rd.neednet=1"));
  network.chain[0].mtu = 5;
  EXPECT_TRUE(plan().files.empty());
  EXPECT_TRUE(has_note(plan(), "out of range"));
}

TEST_F(PlanNetwork, ABridgeWithAnAddressOfItsOwnIsSaid) {
  load("network-bridge-dhcp-other-mac");
  EXPECT_TRUE(has_note(plan(), "the bridge br0 has another hardware address (52:54:00:99:00:01)"));
}

TEST_F(PlanNetwork, TheLeaseOfTheSystemsOwnClientIsAskedFor) {
  load("network-vlan-dhcp");
  network.client_identifier = "duid";
  network.duid = "00020000ab110123456789abcdef";
  network.iaid = 4278190081U;
  const auto text = content(plan(), "10-setup.network");
  EXPECT_TRUE(has(text,
                  "[DHCPv4]\nClientIdentifier=duid\nDUIDType=vendor\n"
                  "DUIDRawData=00:00:ab:11:01:23:45:67:89:ab:cd:ef\nIAID=4278190081\nSendRelease=no\n"))
      << text;
  EXPECT_TRUE(has(content(plan(NetworkStack::network_manager), "10-setup.nmconnection"),
                  "dhcp-client-id=ff:ff:00:00:01:00:02:00:00:ab:11:01:23:45:67:89:ab:cd:ef\n"));
  network.systemd_version = 239;
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "[DHCP]\nClientIdentifier=duid\n"));
  network.client_identifier.clear();
  EXPECT_TRUE(has_note(plan(), "may get another address"));
}

TEST_F(PlanNetwork, WhatIsWirelessOrNoHardwareIsAProblem) {
  network.chain[0].wireless = true;
  EXPECT_TRUE(has(plan().problem, "wireless"));
  network.chain[0].wireless = false;
  network.chain[0].kind = LinkKind::other;
  network.chain[0].kind_name = "veth";
  EXPECT_TRUE(has(plan().problem, "(veth)"));
  network.chain.clear();
  network.device.clear();
  EXPECT_TRUE(has(plan().problem, "no network interface"));
  EXPECT_TRUE(plan().files.empty());
}

TEST_F(PlanNetwork, ADeviceWithoutAddressIsAProblem) {
  network.addresses.clear();
  network.routes.clear();
  EXPECT_TRUE(has(plan().problem, "no address"));
}

TEST_F(PlanNetwork, ASessionByAnAddressThatIsNotPlannedIsSaid) {
  network.server = "192.0.2.200";
  EXPECT_EQ(plan().address, "192.0.2.10");
  EXPECT_TRUE(has_note(plan(), "this session uses 192.0.2.200"));
}

TEST_F(PlanNetwork, TheWayToTheClientIsTheDefaultWhereThereIsNone) {
  network.routes.clear();
  network.client_gateway = "192.0.2.99";
  EXPECT_TRUE(has(content(plan(), "10-setup.network"), "[Route]\nGateway=192.0.2.99\n"));
  network.client_gateway.clear();
  EXPECT_FALSE(has(content(plan(), "10-setup.network"), "[Route]"));
  EXPECT_TRUE(has_note(plan(), "on its own network only"));
}

/// Everything that could come out of a hostile source, in every field that goes into files.
TEST_F(PlanNetwork, NothingHostileGoesIntoAFile) {
  for (const auto* state :
       {"network-static4", "network-vlan-on-bond", "network-bond-dhcp-primary", "network-hetzner"}) {
    load(state);
    const auto honest = network;
    for (const std::string evil : {"x\n[Network]\nAddress=6.6.6.6/8", "a b", "$(reboot)", "*", "!eth0", "[a]", "a;b",
                                   "a=b", "\xff\xfe", "..", "a/b", "%i", "#x", "eth0:1", "-x", "\"", "\\", "\x1b[2J"}) {
      for (int field = 0; field < 14; ++field) {
        network = honest;
        auto& link = network.chain.front();
        auto& last = network.chain.back();
        switch (field) {
          case 0:
            link.name = network.device = evil;
            break;
          case 1:
            last.name = evil;
            for (auto& each : network.chain)
              for (auto& lower : each.lower) lower = evil;
            break;
          case 2:
            for (auto& each : network.chain) each.permanent_mac = evil;
            break;
          case 3:
            for (auto& each : network.chain) each.permanent_mac.clear(), each.path = evil;
            break;
          case 4:
            for (auto& each : network.chain) each.shared_mac = true, each.driver = evil;
            break;
          case 5:
            for (auto& each : network.chain) each.bond_mode = evil;
            break;
          case 6:
            for (auto& each : network.chain)
              each.bond_primary = each.lacp_rate = each.hash_policy = each.fail_over_mac = evil;
            break;
          case 7:
            for (auto& each : network.addresses) each.text = evil;
            break;
          case 8:
            for (auto& each : network.addresses) each.peer = evil;
            break;
          case 9:
            for (auto& each : network.routes) each.gateway = evil;
            break;
          case 10:
            network.dns = {evil, "192.0.2.53"};
            break;
          case 11:
            network.client_identifier = network.duid = evil;
            break;
          case 12:
            network.client_gateway = network.client = network.server = evil;
            network.routes.clear();
            break;
          default:
            for (auto& each : network.chain) each.mac = each.vlan_protocol = evil;
            break;
        }
        for (const auto stack : {NetworkStack::networkd, NetworkStack::network_manager, NetworkStack::legacy}) {
          const auto plan = this->plan(stack);
          SCOPED_TRACE(fmt::format("{} field {} {}", state, field, base::printable(evil)));
          EXPECT_FALSE(has(plan.problem + plan.remedy + plan.summary, "\n"));
          for (const auto& file : plan.files) {
            EXPECT_TRUE(file.path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-./", 0) == std::string::npos)
                << file.path;
            EXPECT_FALSE(has(file.content, "6.6.6.6")) << file.content;
            EXPECT_FALSE(has(file.content, "\xff")) << file.content;
            if (evil.size() > 2 && evil != "eth0:1") EXPECT_FALSE(has(file.content, evil)) << file.content;
          }
          if (stack == NetworkStack::networkd && !plan.files.empty()) {
            const auto tried = try_files(plan, network);
            for (const auto& each : tried.configuration.networks) {
              EXPECT_EQ(each.fault, "");
              EXPECT_TRUE(each.ignored.empty()) << each.path;
            }
          }
        }
      }
    }
  }
}

}  // namespace
