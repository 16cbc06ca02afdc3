// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "images.hpp"
#include "inspect/gather.hpp"
#include "rehearsal/addresses.hpp"
#include "rehearsal/make_plan.hpp"

namespace rehearsal {
namespace {

using images::Files;
using images::put;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kLuks = "6ce1c710-5ea9-4a6b-96f3-d254e1254098";
constexpr const char* kSystem = "0a3407de-014b-458b-b5c1-848e92a327a3";

Files with_drivers() {
  auto files = images::good();
  files.erase("usr/lib/dracut-sshd/storage");  // the command line alone tells
  for (const auto* name : {"virtio_blk", "virtio_pci", "virtio_net", "ext4"})
    put(files, std::string("usr/lib/modules/6.12.0/kernel/") + name + ".ko", "");
  return files;
}

Plan plan(const std::string& cmdline, const Files& files = with_drivers(), const Wishes& wishes = {}) {
  const auto image = images::image_of(files);
  inspect::Options options;
  options.now = 1764000000;
  options.cmdline = cmdline;
  options.cmdline_known = true;
  const auto facts = inspect::gather(image, options);
  return plan_of(facts, wishes);
}

TEST(Plan, ADiskThatIsOpenedUnderTheNameOfTheRootHoldsIt) {
  const auto made = plan(std::string("rd.luks.name=") + kLuks + "=cryptroot root=/dev/mapper/cryptroot rw");
  EXPECT_THAT(made.cannot, IsEmpty());
  EXPECT_THAT(made.drivers, IsEmpty());
  ASSERT_EQ(made.disks.size(), 1U);
  EXPECT_TRUE(made.disks[0].encrypted && made.disks[0].root);
  EXPECT_EQ(made.disks[0].uuid, kLuks);
  EXPECT_FALSE(made.disks[0].volumes);
  EXPECT_EQ(made.disk_model, "virtio-blk-pci");
  EXPECT_EQ(made.network.model, "virtio-net-pci");
}

TEST(Plan, AVolumeInAGroupIsMadeInTheEncryptedDisk) {
  for (const auto* root : {"/dev/mapper/vg--one-root", "/dev/vg-one/root"}) {
    const auto made =
        plan(std::string("rd.luks.uuid=luks-") + kLuks + " rd.lvm.lv=vg-one/swap rd.lvm.lv=vg-one/root root=" + root);
    EXPECT_THAT(made.cannot, IsEmpty());
    ASSERT_EQ(made.disks.size(), 1U);
    EXPECT_EQ(made.disks[0].volumes, (VolumeGroup{"vg-one", {"root", "swap"}})) << root;
  }
}

TEST(Plan, AFileSystemNamedByItsUuidLiesInTheFirstEncryptedDiskAndTheOthersOnlyOpen) {
  auto files = with_drivers();
  put(files, "etc/crypttab",
      std::string("# mapped device options\nluks-a UUID=") + kLuks +
          " none discard\nother\t/dev/disk/by-uuid/11111111-2222-3333-4444-555555555555 -\nthird LABEL=third none\n");
  const auto made = plan(std::string("root=UUID=") + kSystem + " ro", files);
  EXPECT_THAT(made.cannot, IsEmpty());
  ASSERT_EQ(made.disks.size(), 3U);
  EXPECT_EQ(made.disks[0].uuid, kLuks);
  EXPECT_EQ(made.disks[0].name, "luks-a");
  EXPECT_EQ(made.disks[0].file_system_uuid, kSystem);
  EXPECT_FALSE(made.disks[1].root || made.disks[2].root);
  EXPECT_EQ(made.disks[2].label, "third");
}

TEST(Plan, WithoutAnEncryptedDiskThereIsAPlainOneAndItIsSaid) {
  Wishes wishes;
  wishes.disks = {std::string("fs=") + kSystem};
  const auto made = plan(std::string("root=UUID=") + kSystem, with_drivers(), wishes);
  ASSERT_EQ(made.disks.size(), 1U);
  EXPECT_FALSE(made.disks[0].encrypted);
  EXPECT_THAT(made.changes, Contains(HasSubstr("there is nothing to unlock")));
}

TEST(Plan, WhatAHostOnlyImageWaitsForIsThere) {
  auto files = with_drivers();
  put(files, "usr/lib/dracut/hooks/initqueue/finished/devexists-a.sh",
      std::string("[ -e \"/dev/disk/by-uuid/") + kSystem + "\" ]\n");
  put(files, "usr/lib/dracut/hooks/initqueue/finished/devexists-b.sh", "[ -e \"/dev/disk/by-uuid/1234-ABCD\" ]\n");
  const auto made = plan(std::string("rd.luks.name=") + kLuks + "=r root=/dev/mapper/r", files);
  ASSERT_EQ(made.disks.size(), 2U);
  EXPECT_EQ(made.disks[0].file_system_uuid, kSystem);
  EXPECT_EQ(made.disks[1].file_system_uuid, "1234-ABCD");
}

constexpr const char* kPart = "0fc63daf-8483-4772-8e79-3d69d8477de4";

TEST(Plan, WhatIsNamedByItsPartitionLiesInOne) {
  auto files = with_drivers();
  put(files, "etc/crypttab", std::string("cryptroot PARTUUID=") + kPart + " none luks\nother PARTLABEL=swap none\n");
  const auto made = plan("root=/dev/mapper/cryptroot", files);
  EXPECT_THAT(made.cannot, IsEmpty());
  ASSERT_EQ(made.disks.size(), 2U);
  EXPECT_TRUE(made.disks[0].encrypted && made.disks[0].root);
  EXPECT_EQ(made.disks[0].partition, (Partition{kPart, ""}));
  EXPECT_EQ(made.disks[1].partition, (Partition{"", "swap"}));
}

TEST(Plan, ARootThatIsAPartitionStandsBesideWhatIsEncrypted) {
  const auto made = plan(std::string("rd.luks.uuid=") + kLuks + " root=PARTUUID=0a1b2c3d-02");
  EXPECT_THAT(made.cannot, IsEmpty());
  ASSERT_EQ(made.disks.size(), 2U);
  EXPECT_TRUE(made.disks[0].root && !made.disks[0].encrypted);
  EXPECT_EQ(made.disks[0].partition, (Partition{"0a1b2c3d-02", ""}));
  EXPECT_FALSE(made.disks[1].partition);
}

TEST(Partitions, AreNamedAsUdevDoesAndNothingElseComesNearATool) {
  EXPECT_EQ(partition_of(std::string("/dev/disk/by-partuuid/") + kPart), (Partition{kPart, ""}));
  EXPECT_EQ(partition_of("PARTLABEL=root_a.b"), (Partition{"", "root_a.b"}));
  for (const auto* device :
       {"PARTUUID=0a1b2c3d-05", "PARTUUID=0a1b2c3d-2", "PARTUUID=0a1b2c3d-02, bootable", "PARTUUID=", "PARTLABEL=a b",
        "PARTLABEL=a,size=1", "PARTLABEL=a\nb", "UUID=0a1b2c3d-02", "/dev/sda2"})
    EXPECT_FALSE(partition_of(device)) << device;
}

TEST(Partitions, SfdiskIsToldWhereTheOneIsAndWhatItIsFoundBy) {
  EXPECT_EQ(partition_table({kPart, ""}, 64U << 20U),
            std::string("label: gpt\nstart=2048, size=131072, uuid=") + kPart + "\n");
  EXPECT_EQ(partition_table({"", "root"}, 1U << 20U), "label: gpt\nstart=2048, size=2048, name=root\n");
  EXPECT_EQ(partition_table({"0a1b2c3d-02", ""}, 1U << 20U),
            "label: dos\nlabel-id: 0x0a1b2c3d\n2 : start=2048, size=2048, type=83\n");
}

TEST(Plan, WhatNoScratchDiskCanStandForIsRefusedWithItsName) {
  EXPECT_THAT(plan("root=nfs:10.0.0.1:/x").cannot, Contains(HasSubstr("root=nfs:10.0.0.1:/x")));
  EXPECT_THAT(plan("quiet").cannot, Contains(HasSubstr("--cmdline")));
  auto files = with_drivers();
  put(files, "etc/crypttab", "data /dev/sda3 none\n");
  EXPECT_THAT(plan(std::string("root=UUID=") + kSystem, files).cannot, Contains(HasSubstr("/dev/sda3")));
}

TEST(Plan, NamesFromTheCommandLineNeverBecomeOptionsOrMetadata) {
  const auto made =
      plan(std::string("rd.luks.name=") + kLuks + "=r root=/dev/-vg/x rd.lvm.lv=a{}/b\"c rd.luks.uuid=--help");
  EXPECT_EQ(made.disks.size(), 1U);
  EXPECT_FALSE(made.disks[0].volumes);
}

TEST(Plan, DriversThatTheImageLacksAreAddedUnlessItStaysAsItIs) {
  const auto made = plan(std::string("root=UUID=") + kSystem, images::good());
  EXPECT_THAT(made.drivers, ElementsAre("virtio_blk", "virtio_pci", "ext4"));
  EXPECT_THAT(made.changes, Contains(HasSubstr("kernel modules are added")));
  Wishes as_is;
  as_is.as_is = true;
  EXPECT_THAT(plan(std::string("root=UUID=") + kSystem, images::good(), as_is).cannot, Contains(HasSubstr("--as-is")));
}

TEST(Plan, TheVirtualMachineHasTheDiskThatTheImageDrives) {
  auto files = images::good();
  for (const auto* name : {"nvme", "e1000e", "ext4"})
    put(files, std::string("usr/lib/modules/6.12.0/kernel/") + name + ".ko.xz", "");
  files.erase("usr/lib/modules/6.12.0/kernel/drivers/net/virtio_net.ko.xz");
  const auto made = plan(std::string("root=UUID=") + kSystem, files);
  EXPECT_EQ(made.disk_model, "nvme");
  EXPECT_EQ(made.network.model, "e1000e");
  EXPECT_THAT(made.drivers, IsEmpty());
}

TEST(Plan, TheCommandLineKeepsWhatMattersAndSaysWhatItLoses) {
  Wishes breaks;
  breaks.breaks = true;
  const auto made =
      plan(std::string("root=UUID=") + kSystem + " quiet console=tty0 rootflags=subvol=a rd.shell=0 \"x=a b\"",
           with_drivers(), breaks);
  EXPECT_EQ(made.cmdline, std::string("root=UUID=") + kSystem + " rd.shell=0 \"x=a b\" rd.break");
  EXPECT_THAT(made.changes, Contains(testing::AllOf(HasSubstr("quiet"), HasSubstr("rootflags=subvol=a"))));
}

TEST(Plan, AnImageForAMachineThatIsNotKnownIsRefused) {
  auto files = with_drivers();
  auto program = images::elf("systemd");
  program[18] = 8;  // MIPS
  put(files, "init", program, 0100755);
  EXPECT_THAT(plan(std::string("root=UUID=") + kSystem, files).cannot, Contains(HasSubstr("machine")));
}

TEST(Plan, TheNetworkIsLaidAroundAStaticAddress) {
  auto files = with_drivers();
  put(files, "etc/systemd/network/10-static.network",
      "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.77/24\nGateway=192.0.2.1\n[Address]\nAddress=2001:db8::1/64\n");
  const auto made = plan(std::string("root=UUID=") + kSystem, files);
  EXPECT_EQ(made.network.address, "192.0.2.77");
  EXPECT_EQ(made.network.subnet, "192.0.2.0/24");
  EXPECT_EQ(made.network.gateway, "192.0.2.1");
  // The command line wins.
  EXPECT_EQ(plan(std::string("ip=dhcp root=UUID=") + kSystem, files).network.address, "10.0.2.15");
  EXPECT_EQ(plan(std::string("ip=198.51.100.9::198.51.100.1:255.255.255.0:host:eth0:none root=UUID=") + kSystem)
                .network.subnet,
            "198.51.100.0/24");
}

TEST(Addresses, ANetworkHasRoomForQemusOwnAddressesAndForAGatewayOutsideOfIt) {
  vm::UserNetwork network;
  ASSERT_TRUE(lay_network(network, {"203.0.113.5", 32, "203.0.113.1"}));
  EXPECT_EQ(network.gateway, "203.0.113.1");
  EXPECT_NE(network.name_server, network.gateway);
  EXPECT_NE(network.name_server, network.address);
  ASSERT_TRUE(lay_network(network, {"10.9.8.7", 24, "10.9.1.1"}));
  EXPECT_EQ(network.subnet, "10.9.0.0/20");
  ASSERT_TRUE(lay_network(network, {"10.0.0.1", 24, ""}));
  EXPECT_EQ(network.gateway, "10.0.0.2");
  EXPECT_EQ(network.name_server, "10.0.0.3");
  EXPECT_FALSE(lay_network(network, {"10.0.0.1", 24, "192.0.2.1"}));
}

TEST(Addresses, NetworkManagersProfilesAreRead) {
  auto files = with_drivers();
  files.erase("etc/systemd/network/20-wired.network");
  put(files, "etc/NetworkManager/system-connections/lan.nmconnection",
      "[connection]\nid=lan\n[ipv4]\nmethod=manual\naddress1=192.0.2.9/28,192.0.2.1\n");
  const auto made = plan(std::string("root=UUID=") + kSystem, files);
  EXPECT_EQ(made.network.address, "192.0.2.9");
}

}  // namespace
}  // namespace rehearsal
