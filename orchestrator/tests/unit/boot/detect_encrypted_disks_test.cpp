// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/encrypted_disks.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"

namespace detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDiskUuid = "0a1b2c3d-1111-2222-3333-444455556666";

/// LVM on LUKS2, with this crypttab in place of its own.
class LuksMachine : public recorded::Machine {
 public:
  explicit LuksMachine(const std::string& crypttab = {}) {
    recorded::load(*this, "host-debian-12-initramfs-tools");
    if (!crypttab.empty()) file("etc/crypttab", crypttab);
  }
  void cmdline(const std::string& text) const {
    std::filesystem::remove(root() / "boot/grub/grub.cfg");
    file("proc/cmdline", text + "\n");
  }
};

EncryptedDevice the_device(const Disks& disks) {
  EXPECT_EQ(disks.encrypted.size(), 1U);
  return disks.encrypted.empty() ? EncryptedDevice{} : disks.encrypted[0];
}

TEST(DetectDisks, ADeviceThatAsksForAPassphrase) {
  LuksMachine machine;
  const auto disks = read_disks(machine.source());
  const auto device = the_device(disks);
  EXPECT_EQ(device.name, "vda3_crypt");
  EXPECT_EQ(device.uuid, kDiskUuid);
  EXPECT_EQ(device.format, "LUKS2");
  EXPECT_EQ(device.purpose, "/");
  EXPECT_EQ(device.device, "/dev/vda3");
  EXPECT_TRUE(device.asks);
  EXPECT_TRUE(device.in_crypttab);
  EXPECT_EQ(device.crypttab_line, 1U);
  EXPECT_FALSE(device.on_command_line);
  EXPECT_FALSE(device.keyscript);
  EXPECT_FALSE(disks.nothing_encrypted);
  EXPECT_FALSE(disks.boot_encrypted);
  EXPECT_THAT(disks.later, IsEmpty());
  EXPECT_THAT(disks.faults, IsEmpty());
}

TEST(DetectDisks, TokensOfTheHeaderOpenItFirst) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  const auto device = the_device(read_disks(machine.source()));
  EXPECT_FALSE(device.asks);
  EXPECT_THAT(device.automatic, ElementsAre("tpm2", "clevis"));
}

TEST(DetectDisks, TokensOfAnOlderCryptsetupAreInItsText) {
  LuksMachine machine;
  machine.commands.prints("cryptsetup luksDump --dump-json-metadata /dev/vda3", "unknown option", 1);
  machine.commands.prints(
      "cryptsetup luksDump /dev/vda3",
      "LUKS header information\nKeyslots:\n  0: luks2\n\tKey: 512 bits\nTokens:\n  0: systemd-fido2\n\t"
      "Keyslot:    0\n  1: systemd-pkcs11\nDigests:\n  0: clevis\n");
  EXPECT_THAT(the_device(read_disks(machine.source())).automatic, ElementsAre("fido2", "pkcs11"));
}

TEST(DetectDisks, ATpmWithAPinIsSaidToHaveOne) {
  LuksMachine machine;
  machine.commands.prints("cryptsetup luksDump --dump-json-metadata /dev/vda3",
                          R"({"tokens": {"0": {"type": "systemd-tpm2", "tpm2-pin": true}}})");
  EXPECT_THAT(the_device(read_disks(machine.source())).automatic, ElementsAre("tpm2 with a PIN"));
}

TEST(DetectDisks, ADumpThatLiesIsNoToken) {
  for (const auto* text :
       {"[]", "{\"tokens\": 3}", "{\"tokens\": {\"0\": 1, \"1\": {\"type\": 5}}}", "{\"tokens\"", "\xff"}) {
    LuksMachine machine;
    machine.commands.prints("cryptsetup luksDump --dump-json-metadata /dev/vda3", text);
    machine.commands.prints("cryptsetup luksDump /dev/vda3", "");
    EXPECT_TRUE(the_device(read_disks(machine.source())).asks) << text;
  }
}

TEST(DetectDisks, WithoutCryptsetupItIsNotKnownWhetherATokenOpensIt) {
  LuksMachine machine;
  machine.commands.answers.clear();
  const auto disks = read_disks(machine.source());
  EXPECT_TRUE(the_device(disks).asks);
  EXPECT_THAT(disks.faults, ElementsAre(HasSubstr("cryptsetup is not installed")));
}

TEST(DetectDisks, OptionsOfCrypttabOpenItFirst) {
  LuksMachine machine(std::string("vda3_crypt UUID=") + kDiskUuid + " - tpm2-device=auto,fido2-device=auto\n");
  EXPECT_THAT(the_device(read_disks(machine.source())).automatic, ElementsAre("tpm2", "fido2"));
}

TEST(DetectDisks, AKeyscriptAsksAllTheSame) {
  LuksMachine machine(std::string("other UUID=") + kDiskUuid + " /dev/disk/by-label/K luks,keyscript=/lib/passdev\n");
  const auto device = the_device(read_disks(machine.source()));
  EXPECT_TRUE(device.keyscript);
  EXPECT_EQ(device.keyscript_of, "/lib/passdev");
  EXPECT_TRUE(device.asks);
  EXPECT_EQ(device.key_file, "");
}

TEST(DetectDisks, AKeyFileAndTheDeviceItIsOn) {
  LuksMachine machine(std::string("vda3_crypt UUID=") + kDiskUuid + " /key:LABEL=STICK luks\n");
  auto device = the_device(read_disks(machine.source()));
  EXPECT_FALSE(device.asks);
  EXPECT_EQ(device.key_file, "/key");
  EXPECT_EQ(device.key_device, "LABEL=STICK");
  EXPECT_THAT(device.automatic, ElementsAre("key file /key on LABEL=STICK"));

  LuksMachine mounted(std::string("vda3_crypt UUID=") + kDiskUuid + " /boot/key luks\n");
  device = the_device(read_disks(mounted.source()));
  EXPECT_EQ(device.key_device, "/dev/vda2");
}

TEST(DetectDisks, TheCommandLineNamesIt) {
  LuksMachine machine;
  machine.cmdline(std::string("root=/dev/mapper/debian--vg-root rd.luks.uuid=luks-0A1B2C3D rd.luks.options=") +
                  kDiskUuid + "=tpm2-device=auto rd.luks.key=ffffffff-1111-2222-3333-444455556666=/other");
  auto device = the_device(read_disks(machine.source()));
  EXPECT_TRUE(device.on_command_line);
  EXPECT_THAT(device.automatic, ElementsAre("tpm2"));

  machine.cmdline(
      "root=/dev/mapper/debian--vg-root luks.name=ffff=x rd.luks.key=/key:LABEL=A luks.options=discard,fido2-device=x");
  device = the_device(read_disks(machine.source()));
  EXPECT_FALSE(device.on_command_line);
  EXPECT_THAT(device.automatic, ElementsAre("fido2", "key file /key on LABEL=A"));
}

TEST(DetectDisks, WhatAsksOnlyInTheRealSystem) {
  LuksMachine machine(std::string("vda3_crypt UUID=") + kDiskUuid +
                      " none luks\ndata UUID=1 none luks\nearly UUID=2 none x-initrd.attach\nmaybe UUID=3 none nofail\n"
                      "swap /dev/vda9 /dev/urandom swap\nfile UUID=4 /etc/key luks\nhand UUID=5 none noauto\n"
                      "tpm UUID=6 - tpm2-device=auto\nscript UUID=7 x keyscript=/x\n");
  EXPECT_THAT(read_disks(machine.source()).later, ElementsAre("data", "script"));
}

TEST(DetectDisks, BootOnTheEncryptedRoot) {
  recorded::Machine machine;
  recorded::load(machine, "host-suse-16-encrypted-boot");
  const auto disks = read_disks(machine.source());
  EXPECT_TRUE(disks.boot_encrypted);
  ASSERT_EQ(disks.encrypted.size(), 2U);
  EXPECT_EQ(disks.encrypted[0].purpose, "/");
  EXPECT_EQ(disks.encrypted[1].purpose, "resume");
  EXPECT_EQ(disks.encrypted[1].format, "LUKS1");
}

TEST(DetectDisks, NothingIsEncryptedOnlyWhereAllIsKnown) {
  recorded::Machine machine;
  machine.file("proc/cmdline", "root=/dev/vda1 ro\n");
  machine.file("sys/class/block/vda1/dev", "254:1\n");
  EXPECT_TRUE(read_disks(machine.source()).nothing_encrypted);

  recorded::Machine unknown;
  unknown.file("proc/cmdline", "root=/dev/vda1 ro\n");
  EXPECT_FALSE(read_disks(unknown.source()).nothing_encrypted);

  recorded::Machine network;
  network.file("proc/cmdline", "root=nfs:192.0.2.1:/srv\n");
  EXPECT_FALSE(read_disks(network.source()).nothing_encrypted);
}

class ZfsMachine : public recorded::Machine {
 public:
  ZfsMachine() {
    file("proc/cmdline", "root=ZFS=rpool/ROOT/debian\n");
    file("sys/class/block/vda/dev", "254:0\n");
    file("proc/self/mountinfo", "24 1 0:25 / / rw shared:1 - zfs rpool/ROOT/debian rw\n");
  }
  void answers(const std::string& root, const std::string& location) {
    commands.prints("zfs get -H -o value encryptionroot rpool/ROOT/debian", root + "\n");
    commands.prints("zfs get -H -o value keylocation " + root, location + "\n");
  }
};

TEST(DetectDisks, ZfsThatPrompts) {
  ZfsMachine machine;
  machine.answers("rpool", "prompt");
  const auto device = the_device(read_disks(machine.source()));
  EXPECT_EQ(device.name, "rpool");
  EXPECT_EQ(device.format, "ZFS");
  EXPECT_TRUE(device.asks);
}

TEST(DetectDisks, ZfsWithAKeyFile) {
  ZfsMachine machine;
  machine.answers("rpool", "file:///etc/zfs/key");
  const auto device = the_device(read_disks(machine.source()));
  EXPECT_FALSE(device.asks);
  EXPECT_EQ(device.key_file, "/etc/zfs/key");
}

TEST(DetectDisks, ZfsWithoutEncryption) {
  ZfsMachine machine;
  machine.answers("-", "none");
  const auto disks = read_disks(machine.source());
  EXPECT_THAT(disks.encrypted, IsEmpty());
  EXPECT_TRUE(disks.nothing_encrypted);
}

TEST(DetectDisks, ZfsThatDoesNotAnswerIsNotKnown) {
  ZfsMachine machine;
  const auto disks = read_disks(machine.source());
  EXPECT_FALSE(disks.nothing_encrypted);
  EXPECT_THAT(disks.faults, ElementsAre(HasSubstr("zfs get encryptionroot gave no answer")));
}

TEST(DetectDisks, HostileFilesThrowNothing) {
  recorded::Machine machine;
  machine.file("proc/cmdline", std::string("root=\xff\x00 \"rd.luks.options=", 25));
  machine.file("etc/crypttab", std::string(2000000, 'x'));
  machine.file("etc/fstab", "\xff\xfe / \x1b[2J\n");
  machine.file("proc/self/mountinfo", std::string("1 2 3 - - -\n\x00\n24 1 0 / / - \n", 29));
  machine.file("sys/class/block/dm-0/dm/name", "\x1b\n");
  const auto disks = read_disks(machine.source());
  EXPECT_FALSE(disks.nothing_encrypted);
  EXPECT_THAT(disks.faults, testing::Contains(HasSubstr("/etc/crypttab cannot be read")));
}

}  // namespace
}  // namespace detect
