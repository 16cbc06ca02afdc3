// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.hpp"
#include "images.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"

namespace inspect {
namespace {

namespace fs = std::filesystem;

/// The cases of ci/e2e/networks: what inspect has to say of each is what the real systemd-networkd of three releases
/// did. ci/e2e/test_networks.py asks it again.
nlohmann::json cases() {
  std::ifstream in(std::string(PROJECT_ROOT) + "/ci/e2e/networks/cases.json");
  return nlohmann::json::parse(in);
}

images::Files image_of_case(const nlohmann::json& one) {
  auto files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  images::put(files, "usr/lib/systemd/system/systemd-networkd.service",
              "[Service]\nUser=systemd-network\nExecStart=/usr/lib/systemd/systemd-networkd\n");
  files.at("etc/passwd").body += "systemd-network:x:998:998::/:/usr/sbin/nologin\n";
  images::put(files, "etc/group", "root:x:0:\nsystemd-network:x:998:\n");
  for (const auto* driver : {"8021q", "bridge", "macvlan"})
    images::put(files, std::string("usr/lib/modules/6.12.0/kernel/net/") + driver + ".ko.xz", "");
  if (one.contains("file")) images::put(files, "etc/systemd/network/10-case.network", one.at("file"));
  const auto none = nlohmann::json::object();
  const auto texts = one.value("files", none);
  for (const auto& [path, text] : texts.items()) images::put(files, path, text);
  const auto links = one.value("links", none);
  for (const auto& [path, target] : links.items()) images::link(files, path, target);
  const auto modes = one.value("modes", none);
  for (const auto& [path, text] : modes.items()) {
    const auto mode = text.get<std::string>();
    auto& entry = files.at(path);
    entry.mode = (entry.mode & 0170000U) | static_cast<std::uint32_t>(std::stoul(mode.substr(0, 4), nullptr, 8));
    if (mode.ends_with(" systemd-network")) entry.gid = 998;
  }
  return files;
}

/// What the kernel shows of a machine with these interfaces.
void make_machine(const fs::path& root, const nlohmann::json& nics, const nlohmann::json& names) {
  int number = 0;
  for (const std::string name : nics) {
    const auto top = root / "sys/class/net" / name;
    fs::create_directories(top / "device");
    fs::create_symlink("/sys/bus/drivers/veth", top / "device/driver");
    ++number;
    base::write_file(top / "address", "52:54:00:ab:00:0" + std::to_string(number) + "\n");
    base::write_file(top / "ifindex", std::to_string(number) + "\n");
    fs::create_directories(root / "run/udev/data");
    std::string database = "E:ID_NET_DRIVER=veth\n";
    for (const std::string other : names) database += "E:ID_NET_NAME_PATH=" + other + "\n";
    base::write_file(root / "run/udev/data" / ("n" + std::to_string(number)), database);
  }
}

std::string answer(const Findings& findings) {
  std::string out = "yes";
  for (const auto& finding : findings) {
    if (finding.id != "network.configuration") continue;
    if (finding.severity == Severity::error) return "no";
    if (finding.severity == Severity::unknown) out = "cannot tell";
  }
  return out;
}

TEST(Networks, OfEachCaseInspectSaysWhatNetworkdDoes) {
  const auto all = cases();
  ASSERT_GT(all.size(), 60U);
  for (const auto& one : all) {
    const std::string name = one.at("name");
    SCOPED_TRACE(name);
    const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
    make_machine(host.path(), one.value("nics", nlohmann::json::array({"eth0"})),
                 one.value("names", nlohmann::json::array()));
    Options options;
    options.cmdline = one.value("cmdline", "quiet");
    options.cmdline_known = true;
    options.host = host.path();
    const auto image = images::image_of(image_of_case(one));
    Findings findings;
    check_network(gather(image, options), findings);
    const bool address = one.at("address");
    const bool route = one.value("route", address);
    EXPECT_EQ(answer(findings), one.value("inspect", address && route ? "yes" : "no")) << [&] {
      std::string text;
      for (const auto& finding : findings) text += finding.message + "\n";
      return text;
    }();
  }
}

TEST(Networks, ADeviceWhoseDriverOrKeyIsNotInTheImageIsToldOf) {
  auto files = images::good();
  const auto told = [&] {
    const auto image = images::image_of(files);
    Options options;
    options.cmdline_known = true;
    Findings findings;
    check_network(gather(image, options), findings);
    std::string out;
    for (const auto& finding : findings) {
      if (finding.severity == Severity::warning) out += finding.message + "\n";
    }
    return out;
  };
  images::put(files, "etc/systemd/network/10-v5.netdev", "[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5\n");
  EXPECT_EQ(
      told(),
      "/etc/systemd/network/10-v5.netdev: systemd-networkd makes no device of it: the kernel's driver 8021q for it "
      "is not in the image\n");
  files.erase("etc/systemd/network/10-v5.netdev");
  images::put(files, "usr/lib/modules/6.12.0/kernel/drivers/net/wireguard/wireguard.ko.xz", "");
  images::put(files, "etc/systemd/network/10-wg.netdev",
              "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKeyFile=/etc/wg.key\n");
  EXPECT_EQ(
      told(),
      "/etc/systemd/network/10-wg.netdev: systemd-networkd makes no device of it: PrivateKeyFile=/etc/wg.key: it is "
      "not in the image\n");
  images::put(files, "etc/wg.key", "A=\n", 0100600);
  EXPECT_EQ(told(), "") << "this one runs as root";
  images::put(files, "etc/systemd/network/10-wg.netdev",
              "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKeyFile=/etc/wg.key\n"
              "[WireGuardPeer]\nPresharedKeyFile=/etc/wg.psk\n");
  EXPECT_EQ(
      told(),
      "/etc/systemd/network/10-wg.netdev: systemd-networkd makes no device of it: PresharedKeyFile=/etc/wg.psk: it is "
      "not in the image\n");
  images::put(files, "etc/systemd/network/10-wg.netdev", "[NetDev]\nName=wg0\nKind=wireguard\n");
  EXPECT_EQ(
      told(),
      "/etc/systemd/network/10-wg.netdev: systemd-networkd makes no device of it: [WireGuard] has no key: there is no "
      "PrivateKeyFile=, and the credential network.wireguard.private.10-wg is not in the image; the boot loader or the "
      "firmware may hand it over\n");
  images::put(files, "etc/credstore.encrypted/network.wireguard.private.10-wg", "A=\n", 0100600);
  EXPECT_EQ(told(), "");
}

TEST(Networks, ATunnelOfWireGuardIsNoFault) {
  auto files = images::good();
  images::put(files, "usr/lib/modules/6.12.0/kernel/drivers/net/wireguard/wireguard.ko.xz", "");
  images::put(files, "usr/lib/systemd/system/systemd-networkd.service",
              "[Service]\nUser=systemd-network\nExecStart=/usr/lib/systemd/systemd-networkd\n");
  files.at("etc/passwd").body += "systemd-network:x:998:998::/:/usr/sbin/nologin\n";
  images::put(files, "etc/group", "root:x:0:\nsystemd-network:x:998:\n");
  images::put(files, "etc/systemd/network/50-wg0.netdev",
              "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKeyFile=/etc/dracut-sshd/wg0.key\n"
              "[WireGuardPeer]\nPublicKey=a\nAllowedIPs=10.88.0.1/32\nEndpoint=192.0.2.1:51820\n");
  images::put(files, "etc/systemd/network/50-wg0.network", "[Match]\nName=wg0\n[Network]\nAddress=10.88.0.2/24\n");
  images::put(files, "etc/dracut-sshd/wg0.key", "A=\n", 0100640);
  for (const auto* path : {"etc/systemd/network/50-wg0.netdev", "etc/dracut-sshd/wg0.key"}) {
    files.at(path).mode = 0100640;
    files.at(path).gid = 998;
  }
  const auto image = images::image_of(files);
  Options options;
  options.cmdline_known = true;
  Findings findings;
  check_network(gather(image, options), findings);
  bool named = false;
  for (const auto& finding : findings) {
    EXPECT_TRUE(finding.severity == Severity::good || finding.severity == Severity::unknown) << finding.message;
    named = named || finding.message.find("wg0: 10.88.0.2/24") != std::string::npos;
  }
  EXPECT_TRUE(named) << "and its address is told";
}

TEST(Networks, TheDefaultThatAnotherFileComesBeforeIsNoFault) {
  const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
  make_machine(host.path(), nlohmann::json::array({"eth0"}), nlohmann::json::array());
  Options options;
  options.cmdline_known = true;
  options.host = host.path();
  const auto warned_of = [&](const std::string& name) {
    auto files = images::good();
    files.erase("etc/systemd/network/20-wired.network");
    images::put(files, "etc/systemd/network/10-setup.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.5/24\n");
    images::put(files, "etc/systemd/network/" + name, "[Match]\nType=ether\n[Network]\nDHCP=yes\n");
    const auto image = images::image_of(files);
    Findings findings;
    check_network(gather(image, options), findings);
    return std::ranges::any_of(findings, [&](const Finding& one) {
      return one.severity == Severity::warning && one.message.find(name) != std::string::npos;
    });
  };
  EXPECT_FALSE(warned_of("zzzz-dracut-default.network"));
  EXPECT_TRUE(warned_of("zzzz-other.network"));
}

TEST(Networks, TheDefaultThatDracutPutsThereAtBootCounts) {
  auto files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  images::put(files, "usr/lib/dracut/default.network", "[Match]\nType=ether\n[Network]\nDHCP=yes\n");
  const auto of = [&](const std::string& cmdline) {
    const auto image = images::image_of(files);
    Options options;
    options.cmdline = cmdline;
    options.cmdline_known = true;
    Findings findings;
    check_network(gather(image, options), findings);
    return answer(findings);
  };
  EXPECT_EQ(of("quiet"), "yes");
  EXPECT_EQ(of("quiet ip=eth0:dhcp,dhcp6"), "yes") << "which makes no file";
  EXPECT_EQ(of("quiet ip=eth0:off"), "no");
}

TEST(Networks, ANameThatALinkFileOfTheSystemGivesIsNotTheInitramfss) {
  const base::TempDir host(base::temp_parent(), "dracut-sshd-test.");
  make_machine(host.path(), {"lan0"}, nlohmann::json::array());
  base::write_file(host.path() / "run/udev/data/n1", "E:ID_NET_LINK_FILE=/etc/systemd/network/10-lan.link\n");
  auto files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  images::put(files, "etc/systemd/network/20-lan.network", "[Match]\nName=lan0\n[Network]\nDHCP=yes\n");
  const auto of = [&] {
    const auto image = images::image_of(files);
    Options options;
    options.cmdline_known = true;
    options.host = host.path();
    Findings findings;
    check_network(gather(image, options), findings);
    return answer(findings);
  };
  EXPECT_EQ(of(), "cannot tell");
  images::put(files, "etc/systemd/network/10-lan.link", "[Match]\nOriginalName=*\n[Link]\nName=lan0\n");
  EXPECT_EQ(of(), "yes");
}

TEST(Networks, AWordInCmdlineDIsNotCreditedWhereNetworkdIs) {
  auto files = images::good();
  files.erase("etc/systemd/network/20-wired.network");
  images::put(files, "etc/cmdline.d/50.conf", "ip=198.51.100.5::198.51.100.1:24::eth0:none\n");
  const auto image = images::image_of(files);
  Options options;
  options.cmdline_known = true;
  Findings findings;
  check_network(gather(image, options), findings);
  EXPECT_EQ(answer(findings), "no");
  EXPECT_NE(findings.at(1).message.find("in /etc/cmdline.d"), std::string::npos) << findings.at(1).message;
}

}  // namespace
}  // namespace inspect
