// SPDX-License-Identifier: GPL-3.0-or-later
#include "inspect/check_list.hpp"

#include <algorithm>
#include <array>

namespace inspect {
namespace {

constexpr std::array kChecks{
    Check{"image.whole", "the kernel can unpack all of it",
          "The kernel unpacks archive after archive, and at the first thing that it does not understand it stops, "
          "says so in one line, and boots with "
          "what it has by then. A file that was cut short by a full /boot looks like that. Build the image again, "
          "with room to spare."},
    Check{"image.generator", "dracut made it, with systemd in it",
          "The module is dracut's, and its sshd is started by systemd. An image that another program made "
          "(initramfs-tools, mkinitcpio, booster) has "
          "nothing of it, whatever is installed on the system."},
    Check{"image.init", "systemd can start in it",
          "The kernel runs /init, which is systemd, and systemd runs all the rest. Where it lacks a library nothing "
          "at all happens, up to a panic of "
          "the kernel."},
    Check{"image.private", "only root can read it",
          "A host key is in it. Who can read the image can pretend to be this machine, to those who are about to "
          "send it a passphrase. A FAT file system "
          "has no modes: mount it with fmask=0077,dmask=0077."},
    Check{"image.current", "it was made from what the system holds now",
          "An image keeps the keys, the sshd and the configuration of the day on which it was made. A key that was "
          "taken away still logs in; one that was "
          "added does not. dracut-sshd-rebuild makes it anew."},
    Check{"kernel.modules", "its kernel modules fit the kernel",
          "A kernel loads no module that was built for another release: no network interface, no disk. An image is for "
          "one kernel; see which one the boot "
          "loader starts it with."},
    Check{"sshd.present", "sshd is in it",
          "Without it nobody can log in before the root file system is there. The module leaves sshd out, and says "
          "why, where it could not work: no "
          "authorized key, no host key, a configuration that sshd refuses. The build's log has the reason."},
    Check{"sshd.libraries", "every library that it loads is in it, where the loader looks",
          "A program whose library is missing ends before its first line: \"error while loading shared libraries\". "
          "Libraries of libraries count, too."},
    Check{"sshd.helpers", "the programs that this OpenSSH runs for each connection are in it",
          "Since 9.8 sshd hands each connection to sshd-session, since 10.0 the login to sshd-auth, by paths that "
          "are compiled in. Without them it listens, "
          "and closes every connection."},
    Check{"sshd.unit", "a unit starts it, early enough",
          "systemd in the initramfs starts what is wanted by the targets that come before the passphrase is asked "
          "for, above all sysinit.target. A unit that is "
          "masked, that is wanted by a target of the real system, or whose condition is not met, starts nothing."},
    Check{"sshd.type", "the unit's Type= is one that this sshd can serve",
          "With Type=notify systemd waits for sshd to say that it is ready, and one that never does is killed, and "
          "started anew, for ever. OpenSSH does so from 9.8 on; "
          "before, only with a patch that most distributions have."},
    Check{"sshd.configuration", "its configuration is one that this sshd reads",
          "An option that sshd does not know, or a value that it cannot read, ends it at its start."},
    Check{"sshd.login", "its configuration lets root log in with a key",
          "PubkeyAuthentication, PermitRootLogin, AllowUsers and its kin, AuthenticationMethods, and Match blocks: "
          "any of them can refuse a key that is in order. Of several "
          "values sshd takes the first."},
    Check{"sshd.pam", "PAM, if it is asked, lets root in",
          "With UsePAM yes every module that /etc/pam.d/sshd requires has to be in the image: PAM refuses everybody "
          "where one is missing. This module's own sshd_config says UsePAM no."},
    Check{"sshd.listen", "it listens where somebody can reach it",
          "A port or an address that sshd cannot make sense of ends it: the names of /etc/services and /etc/hosts are "
          "seldom in an image. On a loopback address nobody reaches it."},
    Check{"sshd.try", "its own sshd lets a key in (--try)",
          "With --try the image's own sshd runs in a sandbox, and throw-away keys log in to it in place of yours, with "
          "their options, from an address of each network that the configuration or a key names. What was seen counts "
          "more than what was read."},
    Check{"sshd.privsep", "it can give up its privileges",
          "sshd ends at its start where the account \"sshd\" is missing, or the empty folder in which it confines "
          "itself is not there, or can be written by others than root."},
    Check{"keys.authorized", "a key that may log in is in it",
          "sshd looks for keys where AuthorizedKeysFile says. A line that it cannot read, a key of a type that it "
          "does not accept, or one that has expired, counts as none."},
    Check{"keys.modes", "nobody but root can write where the keys are",
          "With StrictModes, which is the default, sshd passes over a file of keys that others can write, or whose "
          "folders they can write, up to the home folder. It says so only in its own log."},
    Check{"hostkeys.present", "a host key is in it that sshd can use",
          "Without one sshd ends at its start. A key that others can read, or that has a passphrase, is as good as "
          "none."},
    Check{"hostkeys.match", "host keys and their public halves belong together",
          "sshd derives the public half from the key itself, and only complains of another key's that lies beside "
          "it. But what was copied from "
          "that file into a known_hosts is wrong, then."},
    Check{"hostkeys.own", "they are not the system's own",
          "A boot partition is not encrypted. Whoever reads the image can pretend to be the system, too, as long as "
          "both share their keys. "
          "ssh-keygen -t ed25519 -N '' -f /etc/ssh/dracut_ssh_host_ed25519_key makes one for the initramfs alone."},
    Check{
        "hostkeys.sealed", "a host key that is sealed to the TPM can be opened",
        "Its credential, the unit that opens it before sshd starts, systemd-creds with the libraries of tpm2-tss, and "
        "a driver for the TPM have to be in the image. Where one of them is missing, sshd shows the unsealed host "
        "key, which clients know by another name, and without an unsealed one nobody can log in."},
    Check{"hostkeys.opens", "this machine's TPM opens the sealed host key now (--host)",
          "The TPM opens it only while the registers that it is sealed to have the values of that day: an update of "
          "the firmware, or another setting of Secure Boot, changes them. dracut-sshd seal --reseal seals the same key "
          "to the values of today. Only root on the machine itself can try."},
    Check{"account.root", "root has one account, and it is not locked when sshd looks",
          "\"Permission denied (publickey)\" with a good key is most often this: sshd without PAM refuses an account "
          "whose password begins with \"!\", or that has expired. "
          "This module puts root's lines right before sshd starts; without that, the lines in the image count."},
    Check{"account.shell", "root's shell is in it and can run",
          "A login ends at once where the shell of root's account is not in the image, or lacks a library."},
    Check{
        "network.stack", "a program that brings up the network is in it",
        "systemd-networkd, NetworkManager, or dhclient with dracut's own scripts. dracut takes none along by itself."},
    Check{
        "network.configuration", "a network interface gets an address",
        "systemd-networkd takes the first of its files that is for an interface, and ignores what it cannot read. Its "
        "files, and ip= on the kernel's command line, are read as it reads them, for this machine's interfaces or for "
        "those that the image recorded. Other programs want a file in the image, or ip= and rd.neednet=1."},
    Check{"network.driver", "the network interface's driver is in it",
          "An interface without a driver does not exist. An image that is made for one host has the drivers of the "
          "interfaces "
          "that this host had on that day."},
    Check{
        "disk.driver", "the drivers of the disks are in it",
        "A disk without its driver, or without that of the bus it is on, does not exist, and nothing asks for its "
        "passphrase. Which drivers they are is known on the machine itself, or from what the image recorded there when "
        "it was built."},
    Check{"crypt.present", "it can open an encrypted disk",
          "The disk's passphrase is asked for by systemd-cryptsetup, with the kernel's dm-crypt; which disk it is "
          "stands in crypttab or on the kernel's command line (rd.luks)."},
    Check{"crypt.agent", "a passphrase can be given from a login",
          "Who logs in answers the prompt by unlock, or by systemd-tty-ask-password-agent. Without these a login is "
          "of no use."},
    Check{
        "crypt.opens", "it opens every disk that the boot needs",
        "What the root file system, /usr and resume lie on is followed down to the disks: on the machine itself, "
        "else by what the image recorded when it was built. A disk that neither crypttab in the image nor rd.luks "
        "on the kernel's command line names is not opened: nothing asks for its passphrase, and the boot waits "
        "for a device that does not come. A disk that opens by itself, by a TPM, a token or a key file, is named with "
        "what happens where that fails: whether its passphrase is asked for, and what in the image is missing for it."},
};

}  // namespace

std::span<const Check> checks() { return kChecks; }

const Check* check_of(std::string_view id) {
  const auto* const found = std::ranges::find(kChecks, id, &Check::id);
  return found == kChecks.end() ? nullptr : found;
}

}  // namespace inspect
