# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as installers leave them: the files, the kernel's words and the disk of a layout of ci/e2e/installers."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import installers
import machine
import places
import scenario
import shell

EXTENT = 4 << 20
# What a guest on a serial console is not told, or has in another way.
LEFT_OUT = ("quiet", "splash", "ro", "rhgb", "rootflags")


@functools.cache
def _known() -> dict[str, installers.Layout]:
    return {f"{release.id}/{layout.name}": layout for release in installers.load() for layout in release.layout}


def get(name: str, suite: str) -> installers.Layout:
    name = name.replace("@SUITE@", suite)
    if name not in _known():
        raise scenario.Wrong(f"no layout is called \"{name}\"; ci/e2e/installer-table shows them")
    return _known()[name]


def image_of(wish: scenario.Scenario, suite: str) -> scenario.Image:
    """The image, with what the installer wrote about disks in the root that it is built in."""
    if not wish.layout:
        return wish.image
    layout = get(wish.layout, suite)
    files = (scenario.File("etc/crypttab", layout.crypttab.strip() + "\n"), scenario.File("etc/fstab", layout.fstab.strip() + "\n"))
    named = {file.path for file in wish.image.files}
    return replace(wish.image, files=(*(file for file in files if file.path not in named), *wish.image.files))


def cmdline(name: str, suite: str, words: dict[str, str]) -> list[str]:
    return [word for word in shlex.split(scenario.filled(get(name, suite).cmdline, words)) if word.split("=", 1)[0] not in LEFT_OUT]


def disk(name: str, site: machine.Site) -> Path:
    """Made once for each kind, beside the machine's other disks."""
    layout = get(name, site.root.suite)
    storage = layout.storage
    if storage.kind == "luks" and storage.fs == "ext4" and layout.luks == 2:
        return site.folder / "root.img"
    volumes = _volumes(layout)
    file = site.folder / f"layout-{places.digest(storage.kind, storage.fs, layout.luks, volumes, Path(__file__))}.img"
    with places.locked(file):
        if not file.exists():
            print(f"{site.root.suite}: making the disk of {name.replace('@SUITE@', site.root.suite)} (once)", flush=True)
            with tempfile.TemporaryDirectory(prefix="boot-layout-", dir=places.cache) as work:
                _make(layout, volumes, site, Path(work))
                (Path(work) / "disk").rename(file)
        os.utime(file)
    return file


def _volumes(layout: installers.Layout) -> tuple[str, ...]:
    """The group, the root's volume, and the others', of "/dev/mapper/debian--vg-root"."""
    if "lvm" not in layout.storage.kind:
        return ()
    # luks-on-lvm: the volume below the root's.
    source = layout.storage.root if layout.storage.kind == "lvm-on-luks" else layout.crypttab.split()[1]
    group, _, volume = source.removeprefix("/dev/mapper/").replace("--", "\0").partition("-")
    if not volume:
        raise scenario.Wrong(f"{source} is no logical volume's name")
    others = [line.split()[0] for line in layout.fstab.splitlines() if " swap " in line and line.startswith("/dev/mapper/")]
    names = [other.removeprefix("/dev/mapper/").replace("--", "\0").partition("-")[2] for other in others]
    return tuple(part.replace("\0", "-") for part in (group, volume, *names))


def _make(layout: installers.Layout, volumes: tuple[str, ...], site: machine.Site, work: Path) -> None:
    tree, inner, file = work / "root", work / "inner", work / "disk"
    machine.unpack(site, tree)
    kind = layout.storage.kind
    if kind == "btrfs-on-luks" and shutil.which("mkfs.btrfs") is None:
        raise shell.Skipped("mkfs.btrfs is not installed")
    machine.make_filesystem(site, tree, inner, "btrfs" if kind.startswith("btrfs") else "ext4")
    shutil.rmtree(tree)
    version = layout.luks if layout.luks in (1, 2) else 2
    if kind in ("luks", "btrfs-on-luks"):
        inner.rename(file)
        machine.encrypt(site, file, version)
    elif kind == "lvm-on-luks":
        _into_group(inner, file, volumes)
        machine.encrypt(site, file, version)
    elif kind == "luks-on-lvm":
        machine.encrypt(site, inner, version)
        _into_group(inner, file, volumes)
    else:
        raise shell.Skipped(f"no disk of the kind {kind} can be made without device-mapper")


def _into_group(inner: Path, file: Path, volumes: tuple[str, ...]) -> None:
    """The bytes of `inner` as the first volume of a group on one physical volume."""
    program = places.build / "orchestrator/tests/physical-volume"
    if not program.exists():
        raise shell.Failed("physical-volume is not built: cmake -S . -B build -DBUILD_TESTING=ON && cmake --build build")
    extents = -(-inner.stat().st_size // EXTENT)
    head = subprocess.run([str(program), volumes[0], str(extents), *volumes[1:]], check=True, capture_output=True).stdout
    with file.open("wb") as out, inner.open("rb") as content:
        out.write(head)
        shutil.copyfileobj(content, out, 1 << 20)
        out.truncate(len(head) + (extents + len(volumes) - 2) * EXTENT)
    inner.unlink()
