// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "golden.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"
#include "setup/findings.hpp"

namespace setup {
namespace {

using inspect::Finding;
using inspect::Severity;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A machine on which all is well: one NIC with DHCP, one key, one disk that asks.
detect::Machine sound_machine() {
  detect::Machine out;
  out.system.pretty_name = "Example Linux 1";
  out.system.names = {"server", "server.example.org"};
  out.system.root = true;
  out.system.systemd = true;
  out.system.package_manager = "apt";
  out.packages.module_there = true;
  out.packages.dracut_there = true;
  detect::EncryptedDevice disk;
  disk.name = "cryptroot";
  disk.format = "LUKS2";
  disk.purpose = "/";
  disk.device = "/dev/vda3";
  disk.uuid = "0a1b2c3d-1111-2222-3333-444455556666";
  disk.crypttab_line = 1;
  out.disks.encrypted = {disk};
  out.boot.generator = "dracut";
  out.boot.generator_why = "/usr/bin/dracut is installed";
  out.boot.dracut = "106-6";
  out.boot.loader = "grub";
  out.boot.image = "/boot/initrd.img-6.12.0";
  out.boot.image_why = "the newest kernel that has an image";
  out.boot.image_bytes = 40U << 20U;
  out.boot.boot_folder = "/boot";
  out.boot.boot_free = 600U << 20U;
  out.boot.boot_free_known = true;
  out.boot.cmdline_known = true;
  out.boot.stack = detect::NetworkStack::networkd;
  out.boot.stack_why = "systemd-networkd is installed";
  detect::Link nic;
  nic.name = "enp1s0";
  nic.kind = detect::LinkKind::nic;
  nic.driver = "virtio_net";
  out.network.device = "enp1s0";
  out.network.by_session = true;
  out.network.chain = {nic};
  out.network.nics = {"enp1s0"};
  out.network.addresses = {{"192.0.2.10", 24, false, true, false, ""}};
  detect::DefaultRoute route;
  route.gateway = "192.0.2.1";
  route.device = "enp1s0";
  out.network.routes = {route};
  out.network.source4 = detect::AddressSource::dhcp;
  out.network.manager = "systemd-networkd";
  detect::CandidateKey key;
  key.key.type = "ssh-ed25519";
  key.key.blob = "blob";
  key.key.comment = "you@desk";
  key.origin = "/root/.ssh/authorized_keys:1";
  out.keys.candidates = {key};
  out.keys.effective = "/root/.ssh/authorized_keys";
  openssh::AuthorizedLine line;
  line.number = 1;
  line.key = key.key;
  out.keys.effective_lines = {line};
  out.keys.host_keys = {"/etc/ssh/dracut_ssh_host_ed25519_key"};
  out.daemon.program = "/usr/sbin/sshd";
  out.daemon.image_port = "22";
  return out;
}

std::vector<std::string> bad_ids(const inspect::Findings& findings) {
  std::vector<std::string> out;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::error || finding.severity == Severity::unknown) out.push_back(finding.id);
  }
  return out;
}

const Finding* finding_of(const inspect::Findings& findings, std::string_view id) {
  const auto found = std::ranges::find(findings, id, &Finding::id);
  return found == findings.end() ? nullptr : &*found;
}

/// The first finding of this id is as bad as that, and says this.
void expect_finding(const detect::Machine& machine, std::string_view id, Severity severity, const std::string& text) {
  const auto findings = findings_of(machine);
  const auto* finding = finding_of(findings, id);
  ASSERT_NE(finding, nullptr) << id;
  EXPECT_EQ(finding->severity, severity) << id << ": " << finding->message;
  EXPECT_THAT(finding->message + " -> " + finding->remedy, HasSubstr(text)) << id;
}

TEST(SetupFindings, AMachineOnWhichAllIsWellHasGoodOnesAlone) {
  const auto findings = findings_of(sound_machine());
  EXPECT_THAT(bad_ids(findings), IsEmpty());
  for (const auto* id : {"host.system", "host.root", "host.names", "host.packages", "host.encrypted", "host.generator",
                         "host.image", "host.boot.room", "host.loader", "host.network.stack", "host.network.interface",
                         "host.network.address", "host.keys", "host.hostkeys", "host.sshd", "host.port"}) {
    const auto* finding = finding_of(findings, id);
    ASSERT_NE(finding, nullptr) << id;
    EXPECT_EQ(finding->severity, Severity::good) << id;
  }
}

TEST(SetupFindings, EveryOneHasAnIdOfTheHostsAndASentence) {
  for (const auto& finding : findings_of(detect::Machine{})) {
    EXPECT_TRUE(finding.id.starts_with("host.")) << finding.id;
    EXPECT_FALSE(finding.message.empty()) << finding.id;
  }
}

TEST(SetupFindings, AnEmptyMachineIsNotSound) {
  const auto bad = bad_ids(findings_of(detect::Machine{}));
  for (const auto* id : {"host.system", "host.root", "host.generator", "host.network.stack", "host.network.interface",
                         "host.keys", "host.encrypted"})
    EXPECT_THAT(bad, Contains(id));
}

TEST(SetupFindings, OfTheSystem) {
  auto machine = sound_machine();
  machine.system.root = false;
  expect_finding(machine, "host.root", Severity::error, "sudo dracut-sshd doctor");
  machine.system.chroot = true;
  expect_finding(machine, "host.system", Severity::error, "this is a chroot");
  machine.system.container = "lxc";
  expect_finding(machine, "host.system", Severity::error, "this is a container (lxc)");
  EXPECT_EQ(finding_of(findings_of(machine), "host.encrypted"), nullptr);
  machine.system.container = "\x1b";
  expect_finding(machine, "host.system", Severity::error, "this is a container (\\x1b)");
  machine = sound_machine();
  machine.system.systemd = false;
  expect_finding(machine, "host.system", Severity::error, "does not run systemd");
  machine.system.names.clear();
  expect_finding(machine, "host.names", Severity::warning, "hostnamectl hostname NAME");
  machine.system.ostree = true;
  expect_finding(machine, "host.updates", Severity::note, "rpm-ostree initramfs --enable");
}

TEST(SetupFindings, OfPackages) {
  auto machine = sound_machine();
  machine.packages.missing = {{"cryptsetup-generator", "systemd-cryptsetup", "systemd-cryptsetup", true, true, true},
                              {"module", "the dracut module itself", "dracut-sshd", true, false, true},
                              {"qr", "qrencode", "qrencode", false, true, true}};
  machine.packages.install = {"apt-get", "install", "systemd-cryptsetup"};
  machine.packages.refresh = {"apt-get", "update"};
  machine.packages.replaced = {"initramfs-tools"};
  expect_finding(machine, "host.packages", Severity::error, "apt-get install systemd-cryptsetup");
  expect_finding(machine, "host.packages.removed", Severity::warning, "removes initramfs-tools");
  expect_finding(machine, "host.packages.optional", Severity::note, "qrencode");
  const auto findings = findings_of(machine);
  EXPECT_THAT(findings, Contains(testing::Field(&Finding::message, HasSubstr("in no repository"))));
  machine.disks.encrypted.clear();
  machine.disks.nothing_encrypted = true;
  machine.packages.missing.resize(1);
  expect_finding(machine, "host.packages", Severity::good, "installed");
}

TEST(SetupFindings, OfDisks) {
  auto machine = sound_machine();
  auto& disk = machine.disks.encrypted[0];
  disk.keyscript = true;
  disk.keyscript_of = "decrypt_keyctl";
  expect_finding(machine, "host.encrypted.keyscript", Severity::error, "cryptsetup luksAddKey /dev/vda3");
  disk = sound_machine().disks.encrypted[0];
  disk.asks = false;
  disk.key_file = "/key";
  disk.key_device = "LABEL=STICK";
  disk.automatic = {"key file /key on LABEL=STICK", "tpm2"};
  expect_finding(machine, "host.encrypted.keyfile", Severity::warning, "/key on LABEL=STICK");
  expect_finding(machine, "host.encrypted.automatic", Severity::note, "by tpm2 first");
  machine.disks.later = {"data"};
  expect_finding(machine, "host.encrypted.later", Severity::warning, "x-initrd.attach");
  machine.disks.boot_encrypted = true;
  expect_finding(machine, "host.boot.encrypted", Severity::error, "GRUB asks for its passphrase");
  machine.boot.loader = "";
  expect_finding(machine, "host.boot.encrypted", Severity::warning, "before there is a kernel");
  machine.disks.faults = {"what is \x1b[2J"};
  expect_finding(machine, "host.encrypted.keyfile", Severity::warning, "");
  EXPECT_THAT(bad_ids(findings_of(machine)), Contains("host.encrypted"));
  machine.disks.encrypted[0].format = "ZFS";
  expect_finding(machine, "host.encrypted.zfs", Severity::error, "is not installed");
  machine.disks.zfs_module = true;
  expect_finding(machine, "host.encrypted.zfs", Severity::note, "asks for the passphrase");
  machine.disks = {};
  machine.disks.nothing_encrypted = true;
  expect_finding(machine, "host.encrypted", Severity::note, "emergency shell");
}

TEST(SetupFindings, OfTheBootChain) {
  auto machine = sound_machine();
  machine.boot.boot_free = 50U << 20U;
  expect_finding(machine, "host.boot.room", Severity::warning, "if it does not grow");
  machine.boot.boot_on_fat = true;
  expect_finding(machine, "host.boot.room", Severity::error, "needs 88.0 MiB");
  expect_finding(machine, "host.boot.fat", Severity::note, "fmask=0077");
  machine.boot.not_mounted = "/boot";
  expect_finding(machine, "host.boot.mounted", Severity::error, "mount /boot");
  machine.boot.secure_boot = "enabled";
  expect_finding(machine, "host.secureboot", Severity::note, "not the initramfs");
  machine.boot.uki = true;
  expect_finding(machine, "host.uki", Severity::error, "what signs it is not known");
  machine.boot.uki_signer = "sbctl";
  expect_finding(machine, "host.uki", Severity::warning, "sbctl signs it");
  machine.boot.generator = "initramfs-tools";
  machine.boot.tied_to_generator = {"/etc/initramfs-tools/hooks/mine: a hook"};
  machine.packages.install = {"apt-get", "install", "dracut"};
  machine.packages.replaced = {"initramfs-tools"};
  expect_finding(machine, "host.generator", Severity::error, "apt-get install dracut, which removes initramfs-tools");
  expect_finding(machine, "host.generator.tied", Severity::warning, "hooks/mine");
}

TEST(SetupFindings, OfTheNetwork) {
  auto machine = sound_machine();
  machine.network.source4 = detect::AddressSource::fixed;
  expect_finding(machine, "host.network.static", Severity::warning, "/etc/systemd/network");
  machine.network.configured_by = "netplan";
  expect_finding(machine, "host.network.manager", Severity::note, "by what netplan writes; none of its files");
  expect_finding(machine, "host.network.static", Severity::error, "192.0.2.10/24 on enp1s0 via 192.0.2.1");
  machine.network.source6 = detect::AddressSource::advertisement;
  expect_finding(machine, "host.network.static", Severity::warning, "asks for one by DHCP");
  machine.boot.network_files = {"/etc/dracut-sshd/network/10-x.network"};
  expect_finding(machine, "host.network.static", Severity::good, "10-x.network");
  machine.boot.network_words = {"ip=dhcp"};
  expect_finding(machine, "host.network.cmdline", Severity::warning, "ip=dhcp");
  machine.boot.stack = detect::NetworkStack::legacy;
  expect_finding(machine, "host.network.stack", Severity::error, "do not read");
  machine.boot.stack = detect::NetworkStack::none;
  expect_finding(machine, "host.network.stack", Severity::error, "nothing can bring the network up");
  machine.boot.network_setting = "no";
  expect_finding(machine, "host.network.stack", Severity::warning, "NETWORK=no");
}

TEST(SetupFindings, OfLayersOverTheNic) {
  auto machine = sound_machine();
  detect::Link vlan;
  vlan.name = "enp1s0.20";
  vlan.kind = detect::LinkKind::vlan;
  vlan.vlan_id = 20;
  vlan.lower = {"enp1s0"};
  machine.network.chain.insert(machine.network.chain.begin(), vlan);
  machine.network.device = "enp1s0.20";
  expect_finding(machine, "host.network.vlan", Severity::warning, "hostonly=yes");
  machine.network.manager = "NetworkManager";
  expect_finding(machine, "host.network.vlan", Severity::error, "VLAN 20 on enp1s0");
  machine.boot.network_files = {"/etc/dracut-sshd/network/10-x.netdev"};
  expect_finding(machine, "host.network.vlan", Severity::good, "VLAN 20 on enp1s0");
}

TEST(SetupFindings, OfWirelessAndOfNoInterface) {
  auto machine = sound_machine();
  machine.network.chain[0].name = "wlan0";
  machine.network.device = "wlan0";
  expect_finding(machine, "host.network.interface", Severity::error, "wlan0 is on no wired interface");
  machine.network.nics.clear();
  expect_finding(machine, "host.network.interface", Severity::error, "no wired network interface");
  machine = sound_machine();
  machine.network.by_session = false;
  expect_finding(machine, "host.network.session", Severity::note, "default route");
  machine.network.device = "";
  expect_finding(machine, "host.network.interface", Severity::error, "no default route");
}

TEST(SetupFindings, OfKeys) {
  auto machine = sound_machine();
  machine.keys.candidates[0].why_not = "command=\"echo no\"";
  expect_finding(machine, "host.keys", Severity::error, "none of its keys can unlock");
  expect_finding(machine, "host.keys.limited", Severity::warning, "echo no");
  machine.keys.effective_lines[0].fault = "it has expired";
  expect_finding(machine, "host.keys", Severity::warning, "it has expired");
  EXPECT_THAT(bad_ids(findings_of(machine)), Contains("host.keys"));
  machine = sound_machine();
  machine.keys.effective = "";
  machine.keys.effective_lines.clear();
  expect_finding(machine, "host.keys", Severity::warning, "these could be let in");
  machine.keys.candidates.clear();
  expect_finding(machine, "host.keys", Severity::error, "ssh-copy-id");
  machine.keys.host_keys.clear();
  expect_finding(machine, "host.hostkeys", Severity::note, "ssh-keygen -t ed25519");
}

TEST(SetupFindings, OfSshd) {
  auto machine = sound_machine();
  machine.daemon.image_port = "2222";
  machine.daemon.port_from = "/etc/default/dracut-sshd";
  machine.daemon.irrelevant = {"Port 2200 (/etc/ssh/sshd_config:1)"};
  machine.daemon.own_configuration = true;
  expect_finding(machine, "host.port", Severity::good, "port 2222 (/etc/default/dracut-sshd)");
  expect_finding(machine, "host.sshd.irrelevant", Severity::note, "Port 2200");
  expect_finding(machine, "host.sshd.configuration", Severity::note, "takes the place");
}

TEST(SetupFindings, WhatIsUntrustedIsFitForATerminal) {
  auto machine = sound_machine();
  const std::string evil = "\x1b]0;x\x07\xff\n";
  machine.system.pretty_name = evil;
  machine.system.names = machine.system.faults = {evil};
  machine.packages.faults = machine.packages.replaced = {evil};
  auto& disk = machine.disks.encrypted[0];
  disk.name = disk.format = disk.device = disk.key_file = disk.key_device = disk.purpose = evil;
  disk.automatic = machine.disks.later = machine.disks.faults = {evil};
  machine.boot.generator = machine.boot.generator_why = machine.boot.image = machine.boot.loader = evil;
  machine.boot.image_why = machine.boot.boot_folder = machine.boot.not_mounted = machine.boot.stack_why = evil;
  machine.boot.dracut = machine.boot.uki_signer = evil;
  machine.boot.tied_to_generator = machine.boot.network_words = machine.boot.network_files =
      machine.boot.faults = {evil};
  machine.network.device = machine.network.manager = machine.network.configured_by = evil;
  machine.network.chain[0].name = machine.network.chain[0].driver = evil;
  machine.network.addresses[0].text = machine.network.routes[0].gateway = evil;
  machine.network.nics = machine.network.faults = {evil};
  machine.keys.candidates[0].key.comment = machine.keys.candidates[0].origin = machine.keys.candidates[0].why_not =
      evil;
  machine.keys.effective = machine.keys.effective_lines[0].fault = evil;
  machine.keys.host_keys = machine.keys.faults = {evil};
  machine.daemon.program = machine.daemon.image_port = machine.daemon.port_from = evil;
  machine.daemon.irrelevant = machine.daemon.drop_ins = machine.daemon.faults = {evil};
  for (const bool uki : {false, true}) {
    machine.boot.uki = uki;
    for (auto& finding : findings_of(machine)) {
      for (const auto& text : {finding.message, finding.remedy}) {
        EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << finding.id;
        EXPECT_THAT(text, Not(HasSubstr("\n"))) << finding.id;
        EXPECT_FALSE(base::utf8_fault(text).has_value()) << finding.id;
      }
    }
    machine.boot.generator = "dracut";
  }
}

/// Recorded states, but for their network and keys.
class RecordedFindings : public testing::TestWithParam<std::string> {};

TEST_P(RecordedFindings, AreTheOnesThatWereAccepted) {
  recorded::Machine state;
  recorded::load(state, GetParam());
  // Its package's name is another one on each architecture.
  state.file("usr/bin/qemu-kvm", "#!", 0755);
  const auto source = state.source();
  auto machine = sound_machine();
  machine.system = detect::read_system(source);
  machine.system.root = true;
  machine.packages = detect::read_packages(source, machine.system);
  machine.disks = detect::read_disks(source);
  machine.boot = detect::read_boot_chain(source);
  machine.boot.image_bytes = 40U << 20U;
  machine.boot.boot_free = 300U << 20U;
  machine.daemon = detect::read_daemon(source);
  std::string text;
  for (const auto& finding : findings_of(machine)) {
    text += fmt::format("{:8} {:24} {}\n", inspect::name_of(finding.severity), finding.id, finding.message);
    if (!finding.remedy.empty()) text += fmt::format("{:33} -> {}\n", "", finding.remedy);
  }
  golden::compare(fmt::format("findings/{}.txt", GetParam()), text);
}

std::vector<std::string> host_states() {
  std::vector<std::string> out;
  const auto folder = std::filesystem::path(PROJECT_ROOT) / "orchestrator/tests/states";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    auto name = entry.path().filename().string();
    if (name.starts_with("host-")) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

INSTANTIATE_TEST_SUITE_P(States, RecordedFindings, testing::ValuesIn(host_states()),
                         [](const auto& state) { return base::replace_all(state.param.substr(5), "-", "_"); });

}  // namespace
}  // namespace setup
