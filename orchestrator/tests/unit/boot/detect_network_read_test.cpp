// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "detect/ip_json.hpp"
#include "detect/network_read.hpp"
#include "golden.hpp"
#include "network_state.hpp"

namespace {

using detect::AddressSource;
using detect::Answer;
using detect::Network;
using testing::Test;

const char* word_of(AddressSource source) {
  switch (source) {
    case AddressSource::none:
      return "none";
    case AddressSource::dhcp:
      return "dhcp";
    case AddressSource::advertisement:
      return "advertisement";
    case AddressSource::fixed:
      return "fixed";
  }
  return "?";
}

const char* word_of(detect::LinkKind kind) {
  switch (kind) {
    case detect::LinkKind::nic:
      return "nic";
    case detect::LinkKind::vlan:
      return "vlan";
    case detect::LinkKind::bond:
      return "bond";
    case detect::LinkKind::bridge:
      return "bridge";
    case detect::LinkKind::team:
      return "team";
    case detect::LinkKind::other:
      return "other";
  }
  return "?";
}

std::string text_of(const detect::Link& link) {
  auto out = fmt::format("link {}: {}", link.name, word_of(link.kind));
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out += fmt::format(" {}={}", key, value);
  };
  add("kind", link.kind_name);
  add("permanent", link.permanent_mac);
  add("mac", link.mac);
  add("driver", link.driver);
  add("path", link.path);
  add("mtu", link.mtu == 0 ? "" : std::to_string(link.mtu));
  add("lower", base::join(link.lower, ","));
  add("vlan", link.vlan_id == 0 ? "" : fmt::format("{}/{}", link.vlan_protocol, link.vlan_id));
  add("mode", link.bond_mode);
  add("primary", link.bond_primary);
  add("lacp", link.lacp_rate);
  add("hash", link.hash_policy);
  add("fail-over-mac", link.fail_over_mac);
  add("mii", link.mii_ms == 0 ? "" : std::to_string(link.mii_ms));
  if (link.wireless) out += " wireless";
  if (link.shared_mac) out += " shared";
  return out + "\n";
}

std::string text_of(const detect::DefaultRoute& route, const char* what) {
  return fmt::format("{} IPv{} via {} dev {} proto {} metric {}{}\n", what, route.v6 ? 6 : 4,
                     route.gateway.empty() ? "-" : route.gateway, route.device,
                     route.protocol.empty() ? "-" : route.protocol, route.metric, route.on_link ? " onlink" : "");
}

std::string text_of(const Network& network) {
  auto out = fmt::format("session {} to {} port {}{}\ndevice {}\n", network.client, network.server, network.port,
                         network.by_session ? "" : " (not by it)", network.device);
  for (const auto& link : network.chain) out += text_of(link);
  for (const auto& each : network.addresses)
    out += fmt::format("address {}/{}{}{}{}\n", each.text, each.length, each.peer.empty() ? "" : " peer " + each.peer,
                       each.dynamic ? " dynamic" : "", each.temporary ? " temporary" : "");
  for (const auto& each : network.routes) out += text_of(each, "route");
  for (const auto& each : network.elsewhere) out += text_of(each, "elsewhere");
  out += fmt::format("gateway to the client {}\nIPv4 {}, IPv6 {}\ndns {}\n", network.client_gateway,
                     word_of(network.source4), word_of(network.source6), base::join(network.dns, " "));
  out += fmt::format("manager {} by {}, client identifier {} duid {} iaid {}\nnics {}\nsystemd {}\n", network.manager,
                     network.configured_by, network.client_identifier, network.duid,
                     network.iaid ? std::to_string(*network.iaid) : "", base::join(network.nics, " "),
                     network.systemd_version);
  for (const auto& fault : network.faults) out += "fault " + fault + "\n";
  return out;
}

class DetectNetworkStates : public testing::TestWithParam<std::string> {};

TEST_P(DetectNetworkStates, AreReadAsAccepted) {
  const auto state = network_state::read(GetParam());
  ASSERT_FALSE(state.value("about", "").empty());
  const auto machine = network_state::machine(state);
  const auto network = detect::read_network(machine->source());
  golden::compare("../states/" + GetParam() + "/network.txt", text_of(network));
}

INSTANTIATE_TEST_SUITE_P(All, DetectNetworkStates, testing::ValuesIn(network_state::names()),
                         [](const auto& each) { return base::replace_all(each.param, "-", "_"); });

/// A machine with one NIC, by DHCP, whose answers the tests make worse.
class DetectNetwork : public Test {
 protected:
  void SetUp() override { machine = network_state::machine(network_state::read("network-dhcp")); }
  [[nodiscard]] Network read() const { return detect::read_network(machine->source()); }
  /// Every program gives this answer.
  void all(const Answer& answer) const {
    for (auto& [command, each] : machine->commands.answers) each = answer;
  }
  [[nodiscard]] static bool has_fault(const Network& network, std::string_view part) {
    return std::ranges::any_of(network.faults,
                               [&](const std::string& fault) { return fault.find(part) != std::string::npos; });
  }
  static constexpr const char* kLinks = "ip -json -details link show";
  static constexpr const char* kAddresses = "ip -json address show";
  static constexpr const char* kRoutes = "ip -json -4 route show default";

  std::unique_ptr<recorded::Machine> machine;
};

TEST_F(DetectNetwork, SessionIsFoundInTheEnvironmentOfAProcessAbove) {
  machine->environment.clear();
  machine->file("proc/self/status", "Name:\tdracut-sshd\nPPid:\t40\n");
  machine->file("proc/40/status", "Name:\tsudo\nPPid:\t39\n");
  machine->file("proc/40/environ", std::string("HOME=/root\0", 11));
  machine->file("proc/39/status", "Name:\tbash\nPPid:\t38\n");
  machine->file("proc/39/environ", std::string("A=b\0SSH_CONNECTION=198.51.100.7 5555 192.0.2.10 22\0C=d\0", 55));
  const auto network = read();
  EXPECT_EQ(network.client, "198.51.100.7");
  EXPECT_EQ(network.server, "192.0.2.10");
  EXPECT_EQ(network.port, "22");
  EXPECT_TRUE(network.by_session);
}

TEST_F(DetectNetwork, ParentsThatLeadInACircleAreGivenUp) {
  machine->environment.clear();
  machine->file("proc/self/status", "PPid:\t40\n");
  machine->file("proc/40/status", "PPid:\t40\n");
  const auto network = read();
  EXPECT_TRUE(network.client.empty());
  EXPECT_TRUE(has_fault(network, "no ssh session is known"));
  EXPECT_EQ(network.device, "eth0");  // of the default route
  EXPECT_FALSE(network.by_session);
}

TEST_F(DetectNetwork, SessionThatIsNoneIsAFault) {
  for (const std::string text :
       {"x", "1.2.3.4 5 6.7.8.9", "198.51.100.7 5555 192.0.2.10 99999", "$(id) 5555 192.0.2.10 22",
        "198.51.100.7 5 -h 22", "::1%../../x 1 x 1", "\xff\xfe 1 2 3"}) {
    machine->environment["SSH_CONNECTION"] = text;
    const auto network = read();
    EXPECT_TRUE(network.client.empty()) << text;
    EXPECT_TRUE(has_fault(network, "expected ADDRESS PORT ADDRESS PORT")) << text;
    EXPECT_EQ(network.device, "eth0") << text;
  }
}

TEST_F(DetectNetwork, MappedAndZonedClientsAreUnderstood) {
  machine->environment["SSH_CONNECTION"] = "::ffff:198.51.100.7 5555 ::ffff:192.0.2.10 2222";
  EXPECT_EQ(read().client, "198.51.100.7");
  machine->environment["SSH_CONNECTION"] = "fe80::9%eth0 5555 fe80::1%eth0 22";
  const auto network = read();
  EXPECT_EQ(network.client, "fe80::9");
  EXPECT_EQ(network.device, "eth0");
  EXPECT_TRUE(network.by_session);
}

TEST_F(DetectNetwork, NoProgramAtAllIsSaidAndNothingIsKnown) {
  machine->commands.answers.clear();
  const auto network = read();
  EXPECT_TRUE(network.device.empty());
  EXPECT_TRUE(network.chain.empty());
  EXPECT_TRUE(has_fault(network, "install iproute2"));
}

TEST_F(DetectNetwork, ProgramsThatHangOrFloodOrFailAreSaid) {
  all({Answer::State::timed_out, 0, ""});
  EXPECT_TRUE(has_fault(read(), "did not end in time"));
  all({Answer::State::too_long, 0, ""});
  EXPECT_TRUE(has_fault(read(), "prints more than 4"));
  all({Answer::State::ran, 255, "Option \"-json\" is unknown, try \"ip -help\"."});
  EXPECT_TRUE(has_fault(read(), "failed with status 255"));
}

TEST_F(DetectNetwork, WhatIsNoJsonThrowsNothing) {
  const std::string deep(detect::kLongestAnswer, '[');
  const std::string cut = machine->commands.answers[kLinks].out.substr(0, 200);
  for (const std::string& text :
       {std::string("\xff\xfe\x80"), std::string("{}"), std::string("null"), std::string("[1,2,[],\"x\"]"),
        std::string("[{\"ifname\":\"\xc3\x28\"}]"), cut, deep, std::string("[{}]"), std::string(1U << 20U, '\0')}) {
    all({Answer::State::ran, 0, text});
    const auto network = read();
    EXPECT_TRUE(network.addresses.empty());
    EXPECT_TRUE(network.device.empty());
    for (const auto& fault : network.faults) EXPECT_FALSE(base::utf8_fault(fault)) << fault;
  }
}

TEST_F(DetectNetwork, ValuesOfWrongTypesCountAsNotThere) {
  machine->commands.prints(
      kLinks, R"([{"ifname":"eth0","mtu":-5,"address":7,"link_type":"ether","linkinfo":[1],"ifindex":1e300},
    {"ifname":["x"]},{"ifname":"eth0","mtu":9000},{"ifname":"a/b"},{"ifname":"new\nline"},{"ifname":"..","link_type":"ether"}])");
  machine->commands.prints(
      kAddresses,
      R"([{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":-1,"scope":"global"},
    {"family":"inet","local":"192.0.2.10","prefixlen":33,"scope":"global"},{"family":"inet6","local":"192.0.2.10","prefixlen":24,"scope":"global"},
    {"family":"inet","local":"192.0.2.999","prefixlen":24,"scope":"global"},{"family":"inet","local":{},"prefixlen":24,"scope":"global"},
    {"family":"inet","local":"192.0.2.11","prefixlen":24,"scope":"global","dynamic":"yes","address":"\n[Match]"},"x"]},{"addr_info":{}}])");
  machine->commands.prints(
      kRoutes,
      R"([{"dst":"default","gateway":"evil\nGateway=1.2.3.4","dev":"eth0"},{"dst":"default","dev":"eth0","metric":-1,"gateway":"192.0.2.1","protocol":"a b"},
    {"dst":"default","nexthops":[{"dev":7},{"dev":"eth0","via":{"family":"inet6","host":"x"}},3]},{"type":"unreachable","dst":"default","dev":"eth0"}])");
  const auto network = read();
  ASSERT_EQ(network.chain.size(), 1U);
  EXPECT_EQ(network.chain[0].mtu, 0U);
  EXPECT_EQ(network.chain[0].mac, "");
  ASSERT_EQ(network.addresses.size(), 1U);
  EXPECT_EQ(network.addresses[0].text, "192.0.2.11");
  EXPECT_EQ(network.addresses[0].peer, "");
  EXPECT_FALSE(network.addresses[0].dynamic);
  ASSERT_EQ(network.routes.size(), 1U);
  EXPECT_EQ(network.routes[0].protocol, "");
  EXPECT_EQ(network.routes[0].metric, 0U);
  EXPECT_TRUE(has_fault(network, "twice"));
  EXPECT_TRUE(has_fault(network, "not a valid interface name"));
  EXPECT_TRUE(has_fault(network, "IPv4 default routes"));
}

TEST_F(DetectNetwork, FilesThatLieThrowNothing) {
  for (const auto* name : {"network-by-networkd", "network-by-netplan", "network-by-ifupdown-dhcpcd",
                           "network-by-wicked", "network-by-connman", "network-by-dhcpcd", "network-bond"}) {
    const auto state = network_state::read(name);
    const auto files = state.at("files");
    for (const std::string& content :
         {std::string("\xff\xfe\0=\n=\0", 7), std::string(2U << 20U, 'x'), std::string(), std::string("\n\n==\n"),
          std::string("ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/../../../etc/"
                      "shadow\nCLIENTID=ffzz\nE:ID_PATH=a\x1b"
                      "b\nE:ID_NET_NAME_MAC=enx5254000000zz\nPPid:\t-1\nnameserver "
                      "$(id)\nIPv4.method=\nduid\nBOOTPROTO='\n")}) {
      machine = network_state::machine(state);
      for (const auto& [path, old] : files.items()) network_state::put(machine->root() / path, content);
      const auto network = read();
      EXPECT_EQ(network.device, name == std::string("network-bond") ? "bond0" : "eth0");
      EXPECT_EQ(network.duid, "");
      EXPECT_TRUE(network.dns.empty());
      for (const auto& fault : network.faults) EXPECT_FALSE(base::utf8_fault(fault));
    }
    // Folders in the place of files.
    machine = network_state::machine(state);
    for (const auto& [path, old] : files.items()) {
      std::filesystem::remove(machine->root() / path);
      std::filesystem::create_directories(machine->root() / path);
    }
    EXPECT_EQ(read().duid, "") << name;
  }
}

TEST_F(DetectNetwork, WhatNmcliSaysIsTakenApart) {
  const std::string status = "nmcli -t -f DEVICE,STATE,CONNECTION device status";
  for (const auto* text : {"", "eth0", "eth0:connected", "eth0:connected:a:b",
                           ":::", "eth0:unmanaged:", "eth0:connected (externally):eth0", "\\", "eth0:connected:x\\"}) {
    machine->commands.prints(status, text);
    EXPECT_EQ(read().manager, std::string(text) == "eth0:connected:x\\" ? "NetworkManager" : "") << text;
  }
  machine->commands.prints(status, "eth0:connected:-x --help\n");
  EXPECT_EQ(read().client_identifier, "mac");
  machine->commands.prints(status, "", 8);
  EXPECT_FALSE(has_fault(read(), "nmcli"));
  machine->commands.answers[status] = {Answer::State::timed_out, 0, ""};
  EXPECT_TRUE(has_fault(read(), "nmcli"));
}

TEST_F(DetectNetwork, DevicesThatAreMadeOfEachOtherEnd) {
  machine->commands.prints(
      kLinks,
      R"([{"ifname":"eth0","link":"v1","link_type":"ether","linkinfo":{"info_kind":"vlan","info_data":{"id":99999}}},
    {"ifname":"v1","link":"eth0","link_type":"ether","linkinfo":{"info_kind":"vlan","info_data":{"id":1,"protocol":"802.1Q\nX"}}}])");
  const auto network = read();
  ASSERT_EQ(network.chain.size(), 2U);
  EXPECT_EQ(network.chain[0].vlan_id, 0);
  EXPECT_EQ(network.chain[1].vlan_protocol, "");
}

TEST_F(DetectNetwork, ManyInterfacesAreBounded) {
  auto links = nlohmann::json::array();
  links.push_back({{"ifname", "br0"}, {"link_type", "ether"}, {"linkinfo", {{"info_kind", "bridge"}}}});
  for (int number = 0; number < 25000; ++number)
    links.push_back({{"ifname", fmt::format("v{}", number)}, {"link_type", "ether"}, {"master", "br0"}});
  machine->commands.prints(kLinks, links.dump());
  machine->commands.prints(kRoutes, R"([{"dst":"default","dev":"br0"}])");
  machine->environment.clear();
  const auto network = read();
  EXPECT_EQ(network.device, "br0");
  EXPECT_LE(network.chain.size(), 64U);
  EXPECT_TRUE(has_fault(network, "more than 20000 items"));
}

TEST(DetectMac, OnlyOneInterfacesAddressIsOne) {
  EXPECT_EQ(detect::mac_of("52:54:00:AB:cd:ef"), "52:54:00:ab:cd:ef");
  for (const auto* text : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:00", "00:00:00:00:00:00", "01:00:5e:00:00:01",
                           "52-54-00-ab-cd-ef", "52:54:00:ab:cd:e\n", "80:00:02:08:fe:80:00:00:00:00:00:00"})
    EXPECT_EQ(detect::mac_of(text), "") << text;
}

}  // namespace
