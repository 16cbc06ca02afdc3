# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems as an installer leaves them: a crypttab, an fstab, and an initramfs in which there is no sshd; with the module's package."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cpio
import guest
import image
import layouts
import machine
import places
import roots
import scenario
import setups
import shell
from package import Package

sys.path.insert(0, str(places.project / "ci/lib"))

import clean_root  # noqa: E402

HOST = "db1"
# The boot itself, on an emulated processor, is what these shorten; the package's own settings are left alone.
DRACUT = "etc/dracut.conf.d/90-e2e.conf"
# udev's database of hardware is a quarter of an image, and nothing here has LVM.
SETTINGS = image.UNCOMPRESSED + 'omit_dracutmodules+=" hwdb lvm "\n'
KERNEL_HOOK = "etc/kernel/postinst.d/dracut"
# The network of a cell that names no packages: as Debian's installer leaves it.
IFUPDOWN = ("ifupdown", "vlan", "ifenslave", "sudo")
CLIENTS = {"12": "isc-dhcp-client", "13": "dhcpcd-base", "14": "dhcpcd-base"}


@dataclass(frozen=True)
class System:
    """What all cells share that differ in their network alone."""
    site: machine.Site
    tar: Path


def get(cell: setups.Cell, suite: str, module: Package) -> System:
    """The tar of the installed system, with the module's package and its first initramfs; it is made if it is not there."""
    without = ("systemd-resolved", *(("dracut", "dracut-network") if cell.generator != "dracut" else ()))
    root = roots.get(suite, cell.packages or (*IFUPDOWN, CLIENTS[suite]), without)
    site = machine.get(root, disks=False)
    name = places.digest(site.id, module.id, cell.generator, cell.layout, Path(__file__))
    tar = places.cache / f"setup-system-{suite}-{name}" / "system.tar"
    with places.locked(tar.parent):
        if not tar.exists():
            with tempfile.TemporaryDirectory(prefix="setup-system-", dir=places.cache) as work:
                _make(cell, site, module, Path(work))
                (Path(work) / "made").rename(tar.parent)
        os.utime(tar.parent)
    places.keep_newest(places.cache, "setup-system-*-*[0-9a-f]", 8)
    return System(site, tar)


def _make(cell: setups.Cell, site: machine.Site, module: Package, work: Path) -> None:
    tree, log = work / "root", work / "log"
    (work / "made").mkdir(mode=0o700)
    roots.unpack(site.root, tree)
    _configure(cell, site, tree)
    kernel = kernel_of(tree)
    if cell.generator == "dracut":
        # The crypttab, so that the passphrase is asked for on the console. Debian 14 looks for crypto_LUKS, which a chroot has not.
        image.inside(tree, ["dracut", "--force", "--no-hostonly", "--include", "/etc/crypttab", "/etc/crypttab", f"/boot/initrd.img-{kernel}", kernel], log)
        _install(tree, module, log)
    else:
        _initramfs_tools(tree, site, kernel, log)
        _fetch(tree, module, log)
    shell.run(["tar", "-cf", str(work / "made/system.tar"), "-C", str(tree), "--numeric-owner", "--xattrs", "."], timeout=300, log=log)


def _initramfs_tools(tree: Path, site: machine.Site, kernel: str, log: Path) -> None:
    """Its image; with what its hook for cryptsetup finds on the machine itself, where the root is mounted, and not in a chroot."""
    conf = tree / "etc/cryptsetup-initramfs/conf-hook"
    before = conf.read_text()
    conf.write_text(before + "CRYPTSETUP=y\n")
    image.inside(tree, ["env", "-u", "INITRD", "update-initramfs", "-c", "-k", kernel], log)
    conf.write_text(before)
    name, _, _, options = (tree / "etc/crypttab").read_text().split()
    text = f"{name} /dev/disk/by-uuid/{site.uuid('root')} none {options}\n"
    guest.join([tree / f"boot/initrd.img-{kernel}", cpio.archive([cpio.Entry("cryptroot/crypttab", 0o100644, text.encode())])], tree / "boot/joined")
    (tree / "boot/joined").rename(tree / f"boot/initrd.img-{kernel}")


def _fetch(tree: Path, module: Package, log: Path) -> None:
    """What `apt-get install` needs later, in a machine that reaches no mirror."""
    shutil.copy(module.file, tree / "var/tmp/dracut-sshd.deb")
    clean_root.CleanRoot(tree).run("""apt-get -q update
        apt-get -q -y --no-install-recommends --download-only install /var/tmp/dracut-sshd.deb dracut dracut-network
        mkdir /var/tmp/debs && mv /var/cache/apt/archives/*.deb /var/tmp/dracut-sshd.deb /var/tmp/debs/
        rm -rf /var/lib/apt/lists/*""", timeout=600, log=log, online=True)


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
    machine.put(tree, DRACUT, SETTINGS + image.drivers())
    for folder in ("etc", "var"):
        machine.put(tree, f"{folder}/.updated", "")
    machine.mask(tree)


def kernel_of(tree: Path) -> str:
    return next((tree / "usr/lib/modules").iterdir()).name
