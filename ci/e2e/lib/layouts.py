# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as installers leave them: the files, the kernel's words and the disk of a layout of ci/e2e/installers."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import struct
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import image
import installers
import machine
import places
import scenario
import shell

EXTENT = 4 << 20
ARRAY_START = 1 << 20  # where the data of a member of an array begins
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
    files = (scenario.File("etc/crypttab", layout.crypttab.strip() + "\n"), scenario.File("etc/fstab", layout.fstab.strip() + "\n"),
             scenario.File("etc/kernel/cmdline", layout.cmdline + "\n"))
    named = {file.path for file in wish.image.files}
    return replace(wish.image, files=(*(file for file in files if file.path not in named), *wish.image.files))


def cmdline(name: str, suite: str, words: dict[str, str]) -> list[str]:
    return [word for word in shlex.split(scenario.filled(get(name, suite).cmdline, words)) if word.split("=", 1)[0] not in LEFT_OUT]


def scenarios() -> list[scenario.Scenario]:
    """One for each layout of each release, with a generic and with a host-only image, in a root of Debian: of its own suite, or of the
    newest that is released. Each is to ask, and to be unlocked."""
    # A volume group below a disk may take some seconds more.
    steps = ({"do": "login"}, {"do": "pipe", "command": "unlock --wait 60"}, {"do": "real-root"}, {"do": "poweroff"})
    found = []
    for name, layout in _known().items():
        distribution, release = name.split("/")[0].split(":")
        suites = (release,) if distribution == "debian" else ("13",)
        # What their images need beside what every root here has.
        packages = {"luks-on-md": ("mdadm",)}.get(layout.storage.kind, ("btrfs-progs",) if layout.storage.fs == "btrfs" else ())
        for kind in image.INSTALLED:
            ending = kind.removeprefix("installed")
            found.append(scenario.Scenario(f"layout-{distribution}-{release}-{layout.name}{ending}", Path(__file__),
                                           f"{name} ({'host-only' if ending else 'generic'} image)", suites, packages=packages,
                                           image=scenario.Image(kind), layout=name, steps=steps, inspect=scenario.LETS_IN))
    return found


def disks(name: str, site: machine.Site) -> list[Path]:
    """Made once for each kind, beside the machine's other disks."""
    layout = get(name, site.root.suite)
    file = _disk(name, layout, site)
    if layout.storage.kind != "luks-on-md":
        return [file, *([site.folder / "second.img"] if "@LUKS2_UUID@" in layout.crypttab + layout.cmdline else [])]
    mirror = file.with_suffix(".second.img")
    with places.locked(mirror):
        if not mirror.exists():
            part = mirror.with_suffix(".part")
            shell.run(["cp", "--sparse=always", "--reflink=auto", str(file), str(part)], timeout=300)
            _put_array(part, 1, site)
            part.rename(mirror)
    return [file, mirror]


def _disk(name: str, layout: installers.Layout, site: machine.Site) -> Path:
    storage = layout.storage
    if storage.kind == "luks" and storage.fs != "btrfs" and layout.luks in (2, installers.UNKNOWN):
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
    if layout.storage.kind == "luks-on-lvm":
        return ("vg", "cryptroot")  # found by the UUID of what is in it
    root = _volume(layout.storage.root)
    if root is None:
        raise scenario.Wrong(f"{layout.storage.root} is no logical volume's name")
    # Others that the boot is told of: swap.
    named = [word.partition("=")[2] for word in layout.cmdline.split()] + [line.split()[0] for line in layout.fstab.splitlines() if " swap " in line]
    others = [found for found in map(_volume, named) if found is not None and found[0] == root[0]]
    return tuple(dict.fromkeys((*root, *(volume for _, volume in others))))


def _volume(name: str) -> tuple[str, str] | None:
    """Group and volume of "/dev/mapper/debian--vg-root", "/dev/system/root" and "rhel/root"."""
    if name.startswith("/dev/mapper/"):
        group, _, volume = name.removeprefix("/dev/mapper/").replace("--", "\0").partition("-")
    else:
        group, _, volume = name.removeprefix("/dev/").partition("/")
    if not group or not volume or "/" in volume or group == "disk" or "=" in name:
        return None
    return group.replace("\0", "-"), volume.replace("\0", "-")


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
        _into_group(inner, file, volumes, site)
        machine.encrypt(site, file, version)
    elif kind == "luks-on-lvm":
        machine.encrypt(site, inner, version)
        _into_group(inner, file, volumes, site)
    elif kind == "luks-on-md":
        machine.encrypt(site, inner, version)
        with file.open("wb") as out, inner.open("rb") as content:
            out.write(bytes(ARRAY_START))
            shutil.copyfileobj(content, out, 1 << 20)
        inner.unlink()
        _put_array(file, 0, site)
    else:
        raise shell.Skipped(f"no disk of the kind {kind} can be made in user space")


def _into_group(inner: Path, file: Path, volumes: tuple[str, ...], site: machine.Site) -> None:
    """The bytes of `inner` as the first volume of a group on one physical volume."""
    program = places.build / "orchestrator/tests/physical-volume"
    if not program.exists():
        raise shell.Failed("physical-volume is not built: cmake -S . -B build -DBUILD_TESTING=ON && cmake --build build")
    extents = -(-inner.stat().st_size // EXTENT)
    head = subprocess.run([str(program), volumes[0], str(extents), *volumes[1:]], check=True, capture_output=True).stdout
    with file.open("wb") as out, inner.open("rb") as content:
        out.write(head)
        shutil.copyfileobj(content, out, 1 << 20)
        out.truncate(len(head) + extents * EXTENT)
        for _ in volumes[2:]:  # swap areas
            area = file.with_name("swap")
            area.write_bytes(bytes(EXTENT))
            area.chmod(0o600)
            shell.run(["mkswap", "-q", "-U", site.uuid("swap"), str(area)])
            out.seek(0, os.SEEK_END)
            out.write(area.read_bytes())
            area.unlink()
    inner.unlink()


def _put_array(file: Path, number: int, site: machine.Site) -> None:
    """The superblock 1.2 of one of two members of a RAID 1, 4 KiB from the start (struct mdp_superblock_1 of linux/raid/md_p.h)."""
    sectors = (file.stat().st_size - ARRAY_START) // 512
    array, member = bytes.fromhex(site.uuid("lvm").replace("-", "")), bytes.fromhex(site.uuid("boot").replace("-", ""))[:15] + bytes([number])
    block = bytearray(256 + 2 * 128)
    struct.pack_into("<4I", block, 0, 0xA92B4EFC, 1, 0, 0)
    struct.pack_into("<16s32sQiIQII", block, 16, array, b"e2e:0", 1, 1, 0, sectors, 0, 2)
    struct.pack_into("<QQQQ", block, 128, ARRAY_START // 512, sectors, 8, 0)
    struct.pack_into("<II16s", block, 160, number, 0, member)
    struct.pack_into("<QQQII", block, 192, 1, 1, 0xFFFFFFFFFFFFFFFF, 0, 128)
    struct.pack_into("<128H", block, 256, 0, 1, *[0xFFFF] * 126)
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    with file.open("r+b") as out:
        out.seek(4096)
        out.write(block)
