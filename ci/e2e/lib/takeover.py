# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages in which something is there already that the package takes the place of: a copy made by hand, or initramfs-tools."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import debian
import places
import roots
import shell
from stage import MODULE, Stage, check

REMOVAL = "rm -r /usr/lib/dracut/modules.d/46sshd"  # README's words
FOREIGN = "of-my-own.sh"
# A system whose images are initramfs-tools'.
PACKAGES = ("initramfs-tools", "systemd-sysv", "udev", "dbus", "openssh-server", "openssh-client", "zstd", "iproute2", "kmod", "e2fsprogs",
            "procps", "curl", "ca-certificates")
# An image that is built in little time.
LEAN = 'hostonly="no"\ncompress="cat"\ndo_strip="no"\nearly_microcode="no"\ndrivers="virtio_pci virtio_blk ext4"\n'


def over_a_copy(stage: Stage) -> str:
    """By README the copy has to go first; who forgets it must not end up with half of each."""
    check(REMOVAL in (places.project / "README.md").read_text(), f"README does not say: {REMOVAL}")
    stage.serve("new")
    stage.fresh()
    client = stage.client
    place = client.root / MODULE
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(places.project / "module/46sshd", place)
    (place / FOREIGN).write_text("# an administrator's\n")
    with (place / "module-setup.sh").open("a") as changed:
        changed.write("# an administrator's\n")
    *connect, install = stage.commands()
    for command in connect:
        client.does(command)
    words = "it takes the copy's place"
    if client.overwrites:
        client.does(install)
    else:
        status = client.tries(install)
        check(status != 0, f"it was expected to refuse:\n{client.told(install)}")
        named = f"{MODULE}/module-setup.sh exists in filesystem" in client.said
        check(named, f"it does not name the files that are there:\n{client.told(install)}")
        check(not client.version() and (place / FOREIGN).is_file(), "it has refused, and changed something all the same")
        client.does(REMOVAL)
        client.does(install)
        words = f"it refuses and names the files; after {REMOVAL} it installs"
    stage.is_there("new")
    if not (place / FOREIGN).exists():
        return f"{words}; the administrator's own file went with the copy"
    for command in client.remove:
        client.does(command)
    left = sorted(path.name for path in place.iterdir()) if place.exists() else []
    check(left == [FOREIGN], f"after the removal there is {left}, and not the administrator's own file alone")
    return f"{words}; the administrator's own file stays, also when the package is removed"


def _with_initramfs_tools(suite: str) -> roots.Root:
    arch = shell.run(["dpkg", "--print-architecture"]).output.strip()
    packages = sorted({f"linux-image-cloud-{arch}", *PACKAGES})
    tar = places.cache / f"install-root-{roots.NAMES[suite]}-{places.digest(packages)}.tar"
    with places.locked(tar):
        if not tar.exists():
            roots._make(suite, packages, tar)  # as all roots are made, but without what the boots have in common
    return roots.Root(suite, tar, tar.stem)


def _prepare(tree: Path) -> None:
    """The mirror stays among apt's sources: dracut comes from there."""
    debian.install_everything(tree)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf", follow_symlinks=True)
    (tree / "etc/dracut.conf.d").mkdir(exist_ok=True)
    (tree / "etc/dracut.conf.d/90-e2e.conf").write_text(LEAN)


def replaces_initramfs_tools(stage: Stage) -> str:
    client = stage.client
    assert isinstance(client, debian.Debian)
    stage.serve("new")
    client.fresh_from("initramfs-template", lambda: _with_initramfs_tools(client.suite), _prepare)
    image = f"/boot/initrd.img-{client.kernel()}"
    client.does("ssh-keygen -q -t ed25519 -N '' -f /root/key && mkdir -p -m 0700 /root/.ssh && cp /root/key.pub /root/.ssh/authorized_keys")
    *connect, install = stage.commands()
    for command in connect:
        if command == "apt update" and client.tries(command) != 0 and re.search("(?i)could not (resolve|connect)", client.said):
            raise shell.Skipped("the mirror, where dracut would come from, cannot be reached")
        client.does(command)
    status = client.tries(install, 900)
    check(status == 0, f"{client.told(install)}\nended with {status}")
    check(re.search(r"REMOV(ED|ING):\n.*\binitramfs-tools\b", client.said) is not None, f"apt does not say what it removes:\n{client.said}")
    stage.is_there("new")
    gone = "dpkg-query -W -f '${db:Status-Status}' initramfs-tools 2>/dev/null || true"
    check(client.does(gone) != "installed", "initramfs-tools is still installed")
    by = "dracut's trigger"
    listing = f"lsinitrd {image} | grep -E 'bin/sshd$|root/.ssh/authorized_keys$'"
    if client.tries(listing) != 0:
        by = "dracut-sshd-rebuild, as README says"
        status = client.tries("dracut-sshd-rebuild --all", 900)
        check(status == 0, client.told("dracut-sshd-rebuild --all"))
    client.does(listing)
    return f"apt says that it removes initramfs-tools; {image} with sshd was built by {by}"


ALL: dict[str, Callable[[Stage], str]] = {"replaces-a-copy-made-by-hand": over_a_copy}
# Where dracut and initramfs-tools exclude each other.
DEBIAN: dict[str, Callable[[Stage], str]] = {"replaces-initramfs-tools": replaces_initramfs_tools}
