// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/finding_list.hpp"

#include <algorithm>
#include <array>

namespace setup {
namespace {

using inspect::Check;

constexpr std::array kChecks{
    Check{"host.system", "this system boots by itself, with systemd",
          "A container and a chroot have no boot of their own; what is seen from there is another machine's. sshd in "
          "the initramfs is started by systemd."},
    Check{"host.root", "this runs as root",
          "Keys, images and the headers of encrypted disks can be read by root alone. What cannot be read cannot be "
          "judged."},
    Check{"host.names", "the machine has a name by which a client can tell it from others",
          "A client keeps the initramfs's host key under NAME-initramfs. Without a name, the address has to serve, and "
          "that may change."},
    Check{"host.updates", "how the system takes updates: ostree, transactional",
          "There, packages come with the next boot, and an image is built in another way than elsewhere."},
    Check{"host.packages", "all that an image needs is installed",
          "The module takes sshd, the disks' and the network's programs from the system. What is missing there is "
          "missing in the image, too."},
    Check{"host.packages.removed", "what the installation of missing packages removes",
          "On Debian 12, Debian 13 and Ubuntu 24.04 the package dracut replaces initramfs-tools. What was configured "
          "for that one is read no more."},
    Check{"host.packages.optional", "what is of use and not installed",
          "qemu rehearses the next boot, qrencode makes a code for a phone. Nothing of the boot depends on them."},
    Check{"host.encrypted", "what the boot needs is encrypted, and asks for a passphrase",
          "The initramfs opens what / and /usr lie on, and the swap to resume from. Where nothing is encrypted, "
          "nothing waits for you; sshd is there for repairs."},
    Check{"host.encrypted.automatic", "what opens a disk before anybody is asked",
          "A TPM, a FIDO2 key or clevis opens the disk by itself, until one day it does not: after an update of the "
          "firmware, with another kernel, or without the network. Then the passphrase is asked for, and sshd is what "
          "you reach it by."},
    Check{"host.encrypted.keyfile", "the key files by which disks are opened",
          "A key file that is not there when the machine boots makes it ask for a passphrase, which needs a key slot "
          "of its own. One that is in the image opens the disk for whoever reads the image."},
    Check{"host.encrypted.keyscript", "keyscript= of crypttab",
          "It is Debian's own, and initramfs-tools runs it. systemd-cryptsetup, which dracut uses, does not."},
    Check{"host.encrypted.later", "disks of crypttab that are opened by the real system",
          "After the change from the initramfs to the real system, no sshd runs until the boot is through. A disk that "
          "asks then waits for somebody at the console. x-initrd.attach has the initramfs ask."},
    Check{"host.encrypted.zfs", "dracut's module for ZFS asks for the passphrase",
          "ZFS is not opened by systemd-cryptsetup. OpenZFS has a module for dracut, in a package of its own."},
    Check{"host.boot.encrypted", "/boot is not encrypted",
          "A boot loader that opens /boot asks for its passphrase on the console, before there is a kernel, a network "
          "or an sshd."},
    Check{"host.boot", "what is known of the next boot",
          "Which image and kernel the boot loader starts, by which command line. What could not be read is said here."},
    Check{
        "host.boot.mounted", "the folders of the boot are mounted",
        "An image that is written into an unmounted /boot lies below the mount point, where no boot loader reads it."},
    Check{"host.boot.room", "there is room for another image",
          "dracut-sshd-rebuild writes the new image beside the old one, and replaces that only when the new one is "
          "complete."},
    Check{"host.boot.fat", "the images lie on a file system with modes",
          "Whoever reads an image has its host keys. FAT has no modes; the options of its mount decide."},
    Check{"host.image", "the image of the next boot",
          "Which file it is, how large it is, and what tells that the boot loader takes this one."},
    Check{"host.generator", "dracut makes the initramfs",
          "The module is dracut's. An image that another program makes has no sshd."},
    Check{"host.generator.tied", "what is configured for another generator alone",
          "Hooks, keyscripts and resume files of initramfs-tools are not read by dracut. See which of them the boot "
          "needs before you change."},
    Check{"host.loader", "the boot loader", "It decides which image is started, and how a new one gets to its place."},
    Check{"host.uki", "the image is not a part of a signed unified kernel image",
          "An initramfs inside of a UKI is replaced only by making and signing the whole file again."},
    Check{"host.secureboot", "Secure Boot",
          "It checks the kernel, and a UKI as a whole. It does not check an initramfs that lies beside the kernel."},
    Check{"host.network", "what is known of the network",
          "What ip(8) and the network's own programs say. What they did not say is said here."},
    Check{"host.network.stack", "something brings the network up in an image",
          "systemd-networkd, NetworkManager, or dracut's own scripts, whichever dracut takes into the image. The three "
          "read different files."},
    Check{"host.network.interface", "the interface that leads to you is a wired one",
          "An image brings up wired interfaces, and what is made of them. It knows no wireless network and no tunnel."},
    Check{"host.network.session", "this is an ssh session",
          "The interface and the address by which you are connected are those that the initramfs should have. Without "
          "a session, the default route has to tell."},
    Check{"host.network.address", "addresses that are given to the machine",
          "By DHCP or by router advertisements: an image asks for them in the same way, without files."},
    Check{"host.network.static", "a static address is in an image as well",
          "By default an image asks for an address by DHCP. Where no server answers, nobody reaches it."},
    Check{"host.network.vlan", "an image knows the VLAN",
          "The frames of the plain interface have no tag, and the switch hands them to another network."},
    Check{"host.network.bond", "an image knows the bond", "A switch that expects LACP may not talk to a single port."},
    Check{"host.network.bridge", "an image knows the bridge, or has the address on its port",
          "The bridge has the address in the real system. In an image, its port may have it."},
    Check{"host.network.team", "an image knows the team",
          "networkd has no teams. An image can have the address on one port, or a bond."},
    Check{"host.network.manager", "what configures the network of the system",
          "Its files are not in an image. setup writes what is in effect, and not a copy of them."},
    Check{"host.network.cmdline", "ip= and its kin on the kernel's command line",
          "They win over files, or add to them."},
    Check{"host.keys", "somebody may log in",
          "The first of /root/.ssh/dracut_authorized_keys, /etc/dracut-sshd/authorized_keys and "
          "/root/.ssh/authorized_keys that is not empty is what an image takes."},
    Check{"host.keys.limited", "keys that can unlock nothing",
          "An expired key, one that is tied to a command that an image does not have, or one that from= keeps away "
          "from where you are."},
    Check{"host.hostkeys", "the initramfs has a host key of its own",
          "An image can be read by whoever holds the disk. With the system's own host key in it, that one is known as "
          "well."},
    Check{"host.sshd", "sshd is installed", "The image has a copy of the system's own."},
    Check{"host.port", "the port of the initramfs's sshd",
          "SSHD_OPTS of /etc/sysconfig/dracut-sshd or /etc/default/dracut-sshd sets it. A firewall in front has to let "
          "it through."},
    Check{
        "host.sshd.configuration", "what changes the configuration of the initramfs's sshd",
        "/etc/dracut-sshd/sshd_config takes the place of the module's, and /etc/dracut-sshd/sshd_config.d adds to it."},
    Check{"host.sshd.irrelevant", "settings of the system's sshd that an image does not have",
          "A port, a user list or a banner in /etc/ssh/sshd_config count in the running system alone."},
};

}  // namespace

std::span<const Check> host_checks() { return kChecks; }

const Check* host_check_of(std::string_view id) {
  const auto* const found = std::ranges::find(kChecks, id, &Check::id);
  return found == kChecks.end() ? nullptr : found;
}

}  // namespace setup
