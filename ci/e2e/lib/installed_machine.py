# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine as its installer left it: an encrypted root, and /boot beside it in the clear. Its disks keep what is written to them, and each
boot takes the kernel and the initramfs that /boot then has, as a boot loader does."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import image
import installed
import layouts
import machine
import places
import scenario
import setups
import shell

BOOT = 384 << 20  # bytes of /boot: three images that are not compressed
ROOM = 256 << 20  # bytes that the root has left
# What udev calls the network interfaces of such a machine, after where they are on its PCI bus: behind its two disks.
NICS = {"NIC0": "enp0s4", "NIC1": "enp0s5", "NIC2": "enp0s6"}
PROGRAM = "usr/bin/dracut-sshd"
SUDOERS = "{user} ALL=(ALL:ALL) NOPASSWD: ALL\n"


class Machine:
    """One machine, from its installation to its end."""

    def __init__(self, system: installed.System, cell: setups.Cell, program: Path, work: Path) -> None:
        self.system, self.cell, self.work = system, cell, work
        self.disks = [work / "boot.img", work / "root.img"]
        tree = work / "tree"
        tree.mkdir()
        shell.run(["tar", "-xf", str(system.tar), "-C", str(tree), "--numeric-owner", "--xattrs"], timeout=300)
        self.kernel_release = installed.kernel_of(tree)
        if not cell.from_desk:
            shutil.copy(program, tree / PROGRAM)
            (tree / PROGRAM).chmod(0o755)
        self._configure(tree)
        self._make_disks(tree)
        shutil.rmtree(tree)

    def _configure(self, tree: Path) -> None:
        site, cell, log = self.system.site, self.cell, self.work / "install.log"
        if cell.user != "root":
            image.inside(tree, ["useradd", "--create-home", "--shell", "/bin/bash", cell.user], log)
            machine.put(tree, f"etc/sudoers.d/{cell.user}", SUDOERS.format(user=cell.user), 0o440)
        home = "root" if cell.user == "root" else f"home/{cell.user}"
        (tree / home / ".ssh").mkdir(mode=0o700, exist_ok=True)
        machine.put(tree, f"{home}/.ssh/authorized_keys", site.text("key.pub") + "\n", 0o600)
        image.inside(tree, ["chown", "-R", f"{cell.user}:", f"/{home}/.ssh"], log)
        words = {**site.words(), **NICS}
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
        with places.locked(self.system.tar):  # cryptsetup's temporary file has the name of the UUID
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
