# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine as its installer left it: an encrypted root, /boot beside it in the clear, and an initramfs of its own in which there is no sshd.
Its disks keep what is written to them, and each boot takes the kernel and the initramfs that /boot then has, as a boot loader does."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import image
import layouts
import machine
import places
import roots
import scenario
import setups
import shell
from package import Package

HOST = "db1"
BOOT = 384 << 20  # bytes of /boot: two images that are not compressed
ROOM = 256 << 20  # bytes that the root has left
# The boot itself, on an emulated processor, is what these shorten; the package's own settings are left alone.
DRACUT = "etc/dracut.conf.d/90-e2e.conf"
KERNEL_HOOK = "etc/kernel/postinst.d/dracut"
# The network of a cell that names no packages: as Debian's installer leaves it.
IFUPDOWN = ("ifupdown", "vlan", "ifenslave", "sudo")
CLIENTS = {"12": "isc-dhcp-client", "13": "dhcpcd-base", "14": "dhcpcd-base"}
STATIC = "usr/bin/dracut-sshd"
SUDOERS = "alice ALL=(ALL:ALL) NOPASSWD: ALL\n"


@dataclass(frozen=True)
class System:
    """What all cells share that differ in their network alone."""
    site: machine.Site
    tar: Path


def get(cell: setups.Cell, suite: str, module: Package, program: Path) -> System:
    """The tar of the installed system, with the project's packages, and its first initramfs; it is made if it is not there."""
    without = ("systemd-resolved", *(("dracut", "dracut-network") if cell.generator != "dracut" else ()))
    root = roots.get(suite, cell.packages or (*IFUPDOWN, CLIENTS[suite]), without)
    site = machine.get(root, disks=False)
    name = places.digest(site.id, module.id, program, cell.generator, cell.layout, Path(__file__))
    tar = places.cache / f"setup-system-{suite}-{name}" / "system.tar"
    with places.locked(tar.parent):
        if not tar.exists():
            with tempfile.TemporaryDirectory(prefix="setup-system-", dir=places.cache) as work:
                _make(cell, site, module, program, Path(work))
                (Path(work) / "made").rename(tar.parent)
        os.utime(tar.parent)
    places.keep_newest(places.cache, "setup-system-*-*[0-9a-f]", 8)
    return System(site, tar)


def _make(cell: setups.Cell, site: machine.Site, module: Package, program: Path, work: Path) -> None:
    tree, log = work / "root", work / "log"
    (work / "made").mkdir(mode=0o700)
    roots.unpack(site.root, tree)
    _configure(cell, site, tree)
    kernel = kernel_of(tree)
    words = site.words()
    if cell.generator == "dracut":
        # The crypttab, so that the passphrase is asked for on the console.
        image.inside(tree, ["dracut", "--force", "--install", "/etc/crypttab", f"/boot/initrd.img-{kernel}", kernel], log)
        _install(tree, module, log)
    else:
        conf, crypttab = tree / "etc/cryptsetup-initramfs/conf-hook", "etc/cryptsetup-initramfs/crypttab"
        assert conf.exists() and crypttab and words
        raise shell.Skipped("not yet")
    shutil.copy(program, tree / STATIC)
    (tree / STATIC).chmod(0o755)
    shell.run(["tar", "-cf", str(work / "made/system.tar"), "-C", str(tree), "--numeric-owner", "--xattrs", "."], timeout=300, log=log)


def _install(tree: Path, module: Package, log: Path) -> None:
    """The package, as apt installs it; without the image that dracut's trigger would have built, because setup builds one."""
    shutil.copy(module.file, tree / "var/tmp/module.deb")
    hook = tree / KERNEL_HOOK
    hook.rename(tree / "var/tmp/dracut.hook")
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    image.inside(tree, ["apt-get", "install", "-y", "/var/tmp/module.deb"], log)
    (tree / "var/tmp/dracut.hook").rename(hook)
    (tree / "var/tmp/module.deb").unlink()


def _configure(cell: setups.Cell, site: machine.Site, tree: Path) -> None:
    layout = layouts.get(cell.layout, site.root.suite)
    words = site.words()
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for key in (site.folder / "etc/ssh").iterdir():
        shutil.copy(key, tree / "etc/ssh" / key.name)
    machine.put(tree, "etc/hostname", f"{HOST}\n")
    machine.put(tree, "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {HOST}.example.net {HOST}\n")
    machine.put(tree, "etc/machine-id", site.text("machine-id") + "\n", 0o444)
    machine.put(tree, machine.MARKER, site.text("marker") + "\n")
    machine.put(tree, "etc/crypttab", scenario.filled(layout.crypttab, words).strip() + "\n")
    machine.put(tree, "etc/fstab", scenario.filled(layout.fstab, words).strip() + "\n")
    machine.put(tree, DRACUT, image.UNCOMPRESSED + image.drivers())
    for folder in ("etc", "var"):
        machine.put(tree, f"{folder}/.updated", "")
    machine.mask(tree)


def kernel_of(tree: Path) -> str:
    return next((tree / "usr/lib/modules").iterdir()).name


class Machine:
    """One machine, from its installation to its end."""

    def __init__(self, system: System, cell: setups.Cell, work: Path) -> None:
        self.system, self.cell, self.work = system, cell, work
        self.disks = [work / "boot.img", work / "root.img"]
        tree = work / "tree"
        tree.mkdir()
        shell.run(["tar", "-xf", str(system.tar), "-C", str(tree), "--numeric-owner", "--xattrs"], timeout=300)
        self.kernel_release = kernel_of(tree)
        self._configure(tree)
        self._make_disks(tree)
        shutil.rmtree(tree)

    def _configure(self, tree: Path) -> None:
        site, cell, log = self.system.site, self.cell, self.work / "install.log"
        if cell.user != "root":
            image.inside(tree, ["useradd", "--create-home", "--shell", "/bin/bash", cell.user], log)
            machine.put(tree, f"etc/sudoers.d/{cell.user}", SUDOERS.replace("alice", cell.user), 0o440)
        home = "root" if cell.user == "root" else f"home/{cell.user}"
        (tree / home / ".ssh").mkdir(mode=0o700, exist_ok=True)
        machine.put(tree, f"{home}/.ssh/authorized_keys", site.text("key.pub") + "\n", 0o600)
        image.inside(tree, ["chown", "-R", f"{cell.user}:", f"/{home}/.ssh"], log)
        words = site.words()
        for file in cell.files:
            machine.put(tree, file.path, scenario.filled(file.text, words), file.mode)
        for unit in cell.services:
            image.inside(tree, ["systemctl", "enable", unit], log)
        for command in cell.commands:
            image.inside(tree, ["sh", "-euc", scenario.filled(command, words)], log)

    def _make_disks(self, tree: Path) -> None:
        site = self.system.site
        boot, root = self.disks
        with boot.open("wb") as file:
            file.truncate(BOOT)
        shell.run(["mkfs.ext4", "-q", "-F", "-U", site.uuid("boot"), "-d", str(tree / "boot"), str(boot)], timeout=120)
        shutil.rmtree(tree / "boot")
        (tree / "boot").mkdir()
        machine.make_filesystem(site, tree, root, room=ROOM)
        machine.encrypt(site, root)

    def boot_files(self) -> tuple[Path, Path]:
        """The kernel and the initramfs that /boot has, read as a boot loader reads them: off the disk, while nobody has it mounted."""
        out = []
        for name in (f"vmlinuz-{self.kernel_release}", f"initrd.img-{self.kernel_release}"):
            file = self.work / name.partition("-")[0].partition(".")[0]
            file.unlink(missing_ok=True)
            said = shell.run(["debugfs", "-R", f"dump {shlex.quote('/' + name)} {file}", str(self.disks[0])], timeout=60).output
            if not file.exists() or file.stat().st_size == 0:
                raise shell.Failed(f"/boot has no {name}: {said.strip()}")
            out.append(file)
        return out[0], out[1]

    def cmdline(self) -> str:
        """What the installer has the boot loader say, beside what this machine's emulator is told; without "quiet"."""
        return " ".join([*layouts.cmdline(self.cell.layout, self.system.site.root.suite, self.system.site.words()), "ro"])
