# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the real dracut of a root builds, with our package installed there by apt; kept by content."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import arch
import carried
import cpio
import places
import scenario
import shell
import machine
import tpm
from package import Package

KEPT = 14
KINDS = {
    "generic": 'hostonly="no"\nadd_dracutmodules+=" systemd-networkd "\ninstall_items+=" /etc/systemd/network/20-wired.network "\n',
    "hostonly": 'hostonly="yes"\nhostonly_cmdline="no"\nadd_dracutmodules+=" systemd-networkd "\n'
                'install_items+=" /etc/systemd/network/20-wired.network "\n',
    # Nothing about a network: what somebody has who has only installed the package.
    "plain": 'hostonly="no"\n',
    "plain-hostonly": 'hostonly="yes"\nhostonly_cmdline="no"\n',
}
# All drivers and modules that dracut chooses by itself: what an admin has who has only installed the package. A host-only image gets
# the drivers that the machine's kernel has loaded, and the kernel here, which is another machine's, has not loaded those of the guest.
INSTALLED = {
    "installed": 'hostonly="no"\n',
    "installed-hostonly": 'hostonly="yes"\nadd_drivers+=" virtio_pci virtio_blk virtio_net virtio_rng ext4 "\n',
}

# In a folder as its root, with what dracut needs mounted, and no network but a loopback of its own. It is gone with the command.
INSIDE = """
root=$0
for dir in dev proc sys run tmp; do mkdir -p "$root/$dir"; done
for dir in dev proc sys; do mount --rbind "/$dir" "$root/$dir"; done
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive INITRD=No chroot "$root" "$@"
"""


# Unpacking costs an emulated processor more than reading.
UNCOMPRESSED = 'compress="cat"\ndo_strip="no"\nearly_microcode="no"\n'


def settings(kind: str) -> str:
    return UNCOMPRESSED + (INSTALLED[kind] if kind in INSTALLED else lean() + KINDS[kind])


def drivers() -> str:
    """Few."""
    return f'drivers="virtio_pci virtio_blk virtio_net virtio_rng ext4 dm_crypt dm_mod xts {arch.here().ciphers} sha256 8021q bonding"\n'


def lean() -> str:
    return drivers() + 'add_dracutmodules+=" crypt "\n'


@dataclass(frozen=True)
class Image:
    folder: Path

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    def log(self) -> str:
        return (self.folder / "dracut.log").read_text(errors="replace")

    def status(self) -> int:
        return int((self.folder / "status").read_text())

    def entries(self) -> dict[str, cpio.Entry]:
        return {entry.path: entry for entry in cpio.read(self.initrd)}


def inside(tree: Path, argv: Sequence[str], log: Path, timeout: float = 600, check: bool = True) -> shell.Result:
    return shell.run(["nice", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash", "-euc",
                      INSIDE, str(tree), *argv], timeout=timeout, log=log, check=check)


def name(place: machine.Site, package: Package, wish: scenario.Image) -> str:
    rig = [Path(__file__), *([Path(tpm.__file__), places.library / "seal"] if wish.tpm else [])]
    program = [carried.identity()] if carried.is_wanted(wish.commands) else []
    return places.digest(place.id, package.id, *rig, *program, repr(wish))


def get(place: machine.Site, package: Package, wish: scenario.Image) -> Image:
    image = Image(places.cache / f"boot-image-{place.root.suite}-{name(place, package, wish)}")
    with places.locked(image.folder):
        if not image.folder.exists():
            with tempfile.TemporaryDirectory(prefix="boot-image-", dir=places.cache) as work:
                _make(place, package, wish, Path(work))
                (Path(work) / "image").rename(image.folder)
        os.utime(image.folder)
    places.keep_newest(places.cache, "boot-image-*-*[0-9a-f]", KEPT)
    return image


def _make(place: machine.Site, package: Package, wish: scenario.Image, work: Path) -> None:
    tree = work / "root"
    made = work / "image"
    made.mkdir(mode=0o700)
    log = work / "log"
    machine.unpack(place, tree)
    machine.put(tree, "etc/dracut.conf.d/90-e2e.conf", settings(wish.kind) + wish.config)
    words = {**place.words(), **({"TPM": tpm.DEVICE} if wish.tpm else {})}
    for file in wish.files:
        machine.put(tree, file.path, scenario.filled(file.text, words), file.mode)
    shutil.copytree(place.folder, tree / "var/tmp/site", ignore=shutil.ignore_patterns("*.img", "passphrase-*", "tpm-*", "token-*", "tang*"))
    for command in wish.before:
        inside(tree, ["sh", "-euc", scenario.filled(command, words)], log)
    if package.is_deb:
        shutil.copy(package.file, tree / "var/tmp/module.deb")
        # A trigger of dracut's would build an image of every kernel that nobody looks at.
        inside(tree, ["sh", "-euc", "mv /etc/kernel/postinst.d/dracut /var/tmp/ && printf '#!/bin/sh\\n' >/etc/kernel/postinst.d/dracut"
                      " && chmod 0755 /etc/kernel/postinst.d/dracut && apt-get install -y /var/tmp/module.deb"
                      " && mv /var/tmp/dracut /etc/kernel/postinst.d/dracut"], log)
    else:
        # Folders keep what the root has: a link in it may stand for one.
        shell.run(["tar", "-xf", str(package.file), "-C", str(tree), "--no-same-owner", "--keep-directory-symlink"], log=log)
    with tpm.reachable(place, tree, changed=wish.tpm == "pcrs") if wish.tpm else contextlib.nullcontext():
        if carried.is_wanted(wish.commands):
            words[carried.WORD] = carried.put(tree)
        if wish.tpm:
            shutil.copy(places.library / "seal", tree / "var/tmp/site/seal")
        for command in wish.commands:
            inside(tree, ["sh", "-euc", scenario.filled(command, words)], log)
    kernel = next((tree / "usr/lib/modules").iterdir()).name
    dracut = made / "dracut.log"
    result = inside(tree, ["dracut", "--force", "--stdlog", "4", *wish.arguments, "/var/tmp/initrd", kernel], dracut, check=False)
    (made / "status").write_text(str(result.status))
    if (tree / "var/tmp/initrd").exists():
        shutil.copy(tree / "var/tmp/initrd", made / "initrd")
    shutil.copy(tree / f"boot/vmlinuz-{kernel}", made / "vmlinuz")
    versions = inside(tree, ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "dracut", "openssh-server", "systemd"], log).output
    (made / "versions").write_text(f"{versions}kernel {kernel}\n")


def overlay(image: Image, wish: scenario.Scenario, words: dict[str, str]) -> bytes:
    """What a scenario lays over the image: a second archive."""
    entries = [cpio.Entry(file.path, (0o120777 if file.link else 0o100000 | file.mode), scenario.filled(file.text, words).encode())
               for file in wish.overlay]
    for path, lines in wish.accounts.items():
        there = image.entries().get(f"etc/{path}")
        others = [line for line in (there.data.decode().splitlines() if there else []) if not line.startswith("root:")]
        text = "".join(f"{line}\n" for line in [*lines, *others])
        entries.append(cpio.Entry(f"etc/{path}", 0o100600 if path == "shadow" else 0o100644, text.encode()))
    return cpio.archive(entries) if entries else b""
