// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/boot_chain.hpp"
#include "recorded.hpp"
#include "recorded_state.hpp"

namespace detect {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BootChain boot_of(const std::string& state) {
  recorded::Machine machine;
  recorded::load(machine, state);
  return read_boot_chain(machine.source());
}

/// dracut's modules and the programs for them.
void add_module(const recorded::Machine& machine, const std::string& name, const std::string& needs = "bash") {
  machine.file("usr/lib/dracut/modules.d/35" + name + "/module-setup.sh",
               "check() {\n  return 255\n}\n\ndepends() {\n  # dbus\n  echo " + needs + "\n}\n");
}
void add_program(const recorded::Machine& machine, const std::string& path) { machine.file(path, "#!", 0755); }

std::string utf16(const std::string& text) {
  std::string out("\6\0\0\0", 4);
  for (const char c : text) out += std::string{c, '\0'};
  return out + std::string(2, '\0');
}
void set_variable(const recorded::Machine& machine, const std::string& name, const std::string& bytes) {
  const auto* vendor = name == "SecureBoot" || name == "SetupMode" ? "8be4df61-93ca-11d2-aa0d-00e098032b8c"
                                                                   : "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
  machine.file("sys/firmware/efi/efivars/" + name + "-" + vendor, bytes);
}

TEST(DetectBootChain, OfAnInstalledDebianWithInitramfsTools) {
  const auto boot = boot_of("host-debian-12-initramfs-tools");
  EXPECT_EQ(boot.generator, "initramfs-tools");
  EXPECT_EQ(boot.dracut, "");
  EXPECT_EQ(boot.loader, "grub");
  EXPECT_FALSE(boot.uki);
  EXPECT_EQ(boot.secure_boot, "");
  EXPECT_EQ(boot.image, "/boot/initrd.img-6.1.0-28-amd64");
  EXPECT_EQ(boot.image_bytes, 6U);
  EXPECT_EQ(boot.kernel, "6.1.0-28-amd64");
  EXPECT_TRUE(boot.cmdline_known);
  EXPECT_EQ(boot.cmdline, "root=/dev/mapper/debian--vg-root ro quiet");
  EXPECT_EQ(boot.boot_folder, "/boot");
  EXPECT_TRUE(boot.boot_free_known);
  EXPECT_FALSE(boot.boot_on_fat);
  EXPECT_EQ(boot.not_mounted, "");
  EXPECT_THAT(boot.tied_to_generator, ElementsAre(HasSubstr("RESUME=/dev/mapper/debian--vg-swap_1")));
  EXPECT_EQ(boot.stack, NetworkStack::networkd);
  EXPECT_TRUE(boot.stack_assumed);
  EXPECT_THAT(boot.faults, IsEmpty());
}

TEST(DetectBootChain, OfADebianWithDracut) {
  const auto boot = boot_of("host-debian-13-dracut");
  EXPECT_EQ(boot.generator, "dracut");
  EXPECT_EQ(boot.dracut, "106-6");
  EXPECT_EQ(boot.stack, NetworkStack::networkd);
  EXPECT_THAT(boot.tied_to_generator, IsEmpty());
}

TEST(DetectBootChain, OfAnArchWithMkinitcpio) {
  const auto boot = boot_of("host-arch-mkinitcpio");
  EXPECT_EQ(boot.generator, "mkinitcpio");
  EXPECT_EQ(boot.loader, "systemd-boot");
  EXPECT_EQ(boot.image, "/boot/initramfs-linux.img");
  EXPECT_TRUE(boot.boot_on_fat);
  EXPECT_THAT(boot.tied_to_generator,
              ElementsAre(HasSubstr("netconf"), HasSubstr("dropbear"), HasSubstr("encryptssh")));
}

TEST(DetectBootChain, AMaskedHookOfMkinitcpioLeavesItToDracut) {
  recorded::Machine machine;
  recorded::load(machine, "host-arch-mkinitcpio");
  add_program(machine, "usr/bin/dracut");
  EXPECT_EQ(read_boot_chain(machine.source()).generator, "mkinitcpio");
  machine.link("etc/pacman.d/hooks/90-mkinitcpio-install.hook", "/dev/null");
  EXPECT_EQ(read_boot_chain(machine.source()).generator, "dracut");
}

TEST(DetectBootChain, AnUpdateInitramfsThatRunsDracutIsDracut) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("usr/sbin/update-initramfs", "#!/bin/sh\nexec dracut \"$@\"\n", 0755);
  add_program(machine, "usr/sbin/mkinitramfs");
  EXPECT_EQ(read_boot_chain(machine.source()).generator, "dracut");
}

TEST(DetectBootChain, KernelInstallNamesTheGenerator) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("etc/kernel/install.conf", "layout=bls\ninitrd_generator=mkosi-initrd\n");
  const auto boot = read_boot_chain(machine.source());
  EXPECT_EQ(boot.generator, "mkosi-initrd");
  EXPECT_FALSE(boot.uki);
}

TEST(DetectBootChain, WhatIsTiedToInitramfsTools) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-12-initramfs-tools");
  machine.file("etc/initramfs-tools/hooks/mine", "#!/bin/sh\n", 0755);
  machine.file("etc/initramfs-tools/scripts/init-premount/wait", "#!/bin/sh\n", 0755);
  machine.file("etc/initramfs-tools/modules", "# none\ne1000e # card\n\n");
  machine.file("etc/initramfs-tools/conf.d/resume", "RESUME=none\n");
  machine.file("etc/initramfs-tools/initramfs.conf", "IP=192.0.2.10::192.0.2.1:255.255.255.0::eth0:off\n");
  machine.file("etc/dropbear/initramfs/authorized_keys", "x\n");
  machine.file("etc/crypttab", "a UUID=1 /key luks,keyscript=decrypt_keyctl,initramfs\n");
  EXPECT_THAT(read_boot_chain(machine.source()).tied_to_generator,
              ElementsAre(HasSubstr("hooks/mine: a hook"), HasSubstr("init-premount/wait: a boot script"),
                          HasSubstr("modules: e1000e"), HasSubstr("IP=192.0.2.10"), HasSubstr("dropbear's"),
                          HasSubstr("keyscript=decrypt_keyctl of a"), HasSubstr("the option initramfs of a")));
}

TEST(DetectBootChain, FirmwareTellsSecureBootAndLoader) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  set_variable(machine, "SecureBoot", std::string("\6\0\0\0\1", 5));
  set_variable(machine, "SetupMode", std::string("\6\0\0\0\0", 5));
  auto boot = read_boot_chain(machine.source());
  EXPECT_EQ(boot.secure_boot, "enabled");
  EXPECT_EQ(boot.loader, "grub");
  set_variable(machine, "SetupMode", std::string("\6\0\0\0\1", 5));
  set_variable(machine, "LoaderInfo", utf16("systemd-boot 257.9-1"));
  boot = read_boot_chain(machine.source());
  EXPECT_EQ(boot.secure_boot, "setup mode");
  EXPECT_EQ(boot.loader, "systemd-boot");
  for (const auto& bytes : {std::string(), std::string("\1"), std::string("\6\0\0\0", 4), std::string(9, '\xff')}) {
    set_variable(machine, "SecureBoot", bytes);
    set_variable(machine, "SetupMode", bytes);
    set_variable(machine, "LoaderInfo", bytes);
    EXPECT_EQ(read_boot_chain(machine.source()).loader, "grub");
  }
}

TEST(DetectBootChain, AUnifiedKernelImageAndWhoSignsIt) {
  recorded::Machine machine;
  machine.file("efi/EFI/Linux/arch-6.17.1-arch1-1.efi", "MZ");
  machine.file("usr/lib/modules/6.17.1-arch1-1/modules.dep", "");
  machine.file("proc/cmdline", "root=/dev/vda1\n");
  set_variable(machine, "LoaderEntrySelected", utf16("arch-6.17.1-arch1-1.efi"));
  auto boot = read_boot_chain(machine.source());
  EXPECT_TRUE(boot.uki);
  EXPECT_EQ(boot.image, "/efi/EFI/Linux/arch-6.17.1-arch1-1.efi");
  EXPECT_EQ(boot.uki_signer, "");
  EXPECT_THAT(boot.faults, IsEmpty());
  machine.file("usr/bin/sbctl", "#!", 0755);
  machine.file("var/lib/sbctl/keys/db/db.key", "");
  EXPECT_EQ(read_boot_chain(machine.source()).uki_signer, "sbctl");
}

TEST(DetectBootChain, ABootThatIsNotMounted) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("proc/self/mountinfo", "24 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/debian--vg-root rw\n");
  EXPECT_EQ(read_boot_chain(machine.source()).not_mounted, "/boot");
}

TEST(DetectBootChain, NetworkWordsOfTheCommandLine) {
  recorded::Machine machine;
  machine.file("proc/cmdline",
               "root=/dev/vda1 ip=192.0.2.10::192.0.2.1:24:srv:eth0:none rd.neednet=1 vlan=a.5:a ipx=1 tip=2\n");
  const auto boot = read_boot_chain(machine.source());
  EXPECT_THAT(boot.network_words,
              ElementsAre("ip=192.0.2.10::192.0.2.1:24:srv:eth0:none", "rd.neednet=1", "vlan=a.5:a"));
  EXPECT_THAT(boot.faults, ElementsAre(HasSubstr("no kernel is installed")));
}

TEST(DetectNetworkStack, NetworkdNeedsItsModuleIpAndWhatTheModuleNeeds) {
  recorded::Machine machine;
  add_program(machine, "usr/lib/systemd/systemd-networkd");
  add_module(machine, "systemd-networkd");
  EXPECT_THAT(read_boot_chain(machine.source()).stack_why, HasSubstr("ip is not installed"));
  add_program(machine, "usr/bin/ip");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::networkd);
  add_module(machine, "systemd-networkd", "\"dbus systemd\"");
  EXPECT_THAT(read_boot_chain(machine.source()).stack_why, HasSubstr("needs D-Bus"));
  add_program(machine, "usr/bin/dbus-daemon");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::networkd);
  machine.file("etc/dracut.conf.d/a.conf", "omit_dracutmodules+=\" systemd-networkd \"\n");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::none);
}

TEST(DetectNetworkStack, WithoutDracutsModulesTheProgramsDecide) {
  recorded::Machine machine;
  add_program(machine, "usr/sbin/NetworkManager");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::network_manager);
  add_program(machine, "usr/lib/systemd/systemd-networkd");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::network_manager);
  add_program(machine, "usr/bin/ip");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::networkd);
  EXPECT_TRUE(read_boot_chain(machine.source()).stack_assumed);
  add_module(machine, "network-manager");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::none);
  EXPECT_FALSE(read_boot_chain(machine.source()).stack_assumed);
}

TEST(DetectNetworkStack, NetworkManagerNeedsAUnitForTheInitramfs) {
  recorded::Machine machine;
  add_program(machine, "usr/sbin/NetworkManager");
  add_module(machine, "network-manager");
  EXPECT_THAT(read_boot_chain(machine.source()).stack_why, HasSubstr("does not run NetworkManager as a service"));
  machine.file("usr/lib/systemd/system/NetworkManager-initrd.service", "");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::network_manager);
}

TEST(DetectNetworkStack, NetworkdComesBeforeNetworkManager) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  add_program(machine, "usr/sbin/NetworkManager");
  machine.file("usr/lib/systemd/system/NetworkManager-initrd.service", "");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::networkd);
}

TEST(DetectNetworkStack, WhatDracutConfAddsWins) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("usr/lib/dracut/dracut.conf.d/50-x.conf", "add_dracutmodules+=\" network-legacy \"\n");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::legacy);
  machine.file("etc/dracut.conf.d/50-x.conf", "# in its place\n#add_dracutmodules+=\" connman \"\n");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::networkd);
  machine.file("etc/dracut.conf.d/60-y.conf", "  add_dracutmodules+=' base network-manager '\n");
  EXPECT_EQ(read_boot_chain(machine.source()).stack, NetworkStack::network_manager);
}

TEST(DetectNetworkStack, ASettingTurnsItOff) {
  recorded::Machine machine;
  recorded::load(machine, "host-debian-13-dracut");
  machine.file("etc/dracut-sshd/initrd.conf", "NETWORK='no'\nNETWORK=auto\n");
  machine.file("etc/dracut-sshd/network/20-static.network", "[Match]\n");
  machine.file("etc/dracut-sshd/network/README", "x\n");
  const auto boot = read_boot_chain(machine.source());
  EXPECT_EQ(boot.network_setting, "no");
  EXPECT_EQ(boot.stack, NetworkStack::none);
  EXPECT_THAT(boot.network_files, ElementsAre("/etc/dracut-sshd/network/20-static.network"));
}

TEST(DetectBootChain, HostileFilesThrowNothing) {
  recorded::Machine machine;
  machine.file("etc/mkinitcpio.conf", "HOOKS=(\xff\xfe \"\n");
  machine.file("usr/bin/mkinitcpio", "", 0755);
  machine.file("etc/kernel/install.conf", "initrd_generator=\"\x1b[2J\n");
  machine.file("boot/loader/entries/\xff.conf", "version \xff\ninitrd ../../../etc/shadow\noptions \x1b\n");
  machine.file("etc/fstab", "\xff /boot x\n");
  machine.file("etc/dracut.conf", std::string(2000000, '='));
  const auto boot = read_boot_chain(machine.source());
  EXPECT_EQ(boot.generator, "mkinitcpio");
  EXPECT_THAT(boot.faults, Contains(HasSubstr("/etc/dracut.conf cannot be read")));
  for (const auto& tied : boot.tied_to_generator) EXPECT_EQ(tied.find('\xff'), std::string::npos);
}

}  // namespace
}  // namespace detect
