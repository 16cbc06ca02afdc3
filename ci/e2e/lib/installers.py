# SPDX-License-Identifier: GPL-3.0-or-later
"""What each release's installer leaves on an encrypted machine: files of ci/e2e/installers. A key that is not known is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "installers"

# A value that was looked for and not found. Its source begins with NOT_FOUND and says where somebody looked.
UNKNOWN = "unknown"
NOT_FOUND = "not found"

GENERATORS = ("dracut", "initramfs-tools", "mkinitcpio")
# How the root's disks lie on each other: see docs/installers.md.
KINDS = ("luks", "lvm-on-luks", "luks-on-lvm", "btrfs-on-luks", "btrfs-on-two-luks", "luks-on-md")
# What stands in crypttab, fstab, cmdline and root in place of what differs from machine to machine.
PLACEHOLDERS = {
    "LUKS_UUID": "of the LUKS header that holds the root",
    "LUKS2_UUID": "of the second LUKS header",
    "ROOT_UUID": "of the root's filesystem",
    "BOOT_UUID": "of the filesystem of /boot",
    "EFI_UUID": "of the filesystem of /boot/efi or /efi",
    "SWAP_UUID": "of the swap area",
    "MD_UUID": "of the array below LUKS, as mdadm writes it",
    "ROOT_LVM_ID": "UUID of the root's volume group and of its logical volume, one after the other, without hyphens",
    "SWAP_LVM_ID": "the same of the swap's",
}


class Wrong(Exception):
    """A file of ci/e2e/installers says something that is not known."""


@dataclass(frozen=True)
class Storage:
    """The layout for a program that makes scratch disks."""
    kind: str  # one of KINDS
    root: str  # the root's device as the installer names it, e.g. /dev/mapper/debian--vg-root
    fs: str  # of the root: ext4, xfs, btrfs
    swap: bool  # is there a swap area that belongs to the layout; not a file, not zram
    separate_boot: bool  # /boot is a filesystem of its own, outside LUKS


@dataclass(frozen=True)
class Layout:
    name: str  # e.g. guided-lvm; unique in its release
    guided: bool  # the installer proposes it; otherwise somebody chose it by hand
    partitions: tuple[str, ...]  # in the order of the disk; "luks2 > lvm vg=debian-vg > root ext4, swap_1 swap"
    luks: int | str  # version of the header, 1 or 2
    crypttab: str
    fstab: str  # the lines of /, /boot, /boot/efi and swap
    cmdline: str  # only what concerns disks: root=, rd.*, resume=, ro, rw, quiet
    storage: Storage
    sources: dict[str, str]  # of every other key but name and guided


@dataclass(frozen=True)
class Release:
    id: str  # debian:13
    generator: str  # of the initramfs, as installed
    hostonly: bool | str  # does the release's dracut make host-only images without being told
    packages: tuple[str, ...]  # what opens the disk in the installed system
    layout: tuple[Layout, ...]
    sources: dict[str, str]  # of every other key but id and layout
    file: Path

    @property
    def file_name(self) -> str:
        return self.id.replace(":", "-") + ".toml"


def load(folder: Path = FOLDER) -> list[Release]:
    """All releases, in the order of their files. Raises Wrong, with the file and the key."""
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def read(path: Path) -> Release:
    try:
        release = _release(path, tomllib.loads(path.read_text()))
        if release.file_name != path.name:
            raise Wrong(f"id: \"{release.id}\" belongs into {release.file_name}")
        return release
    except (Wrong, tomllib.TOMLDecodeError) as fault:
        raise Wrong(f"{path}: {fault}") from fault


def _release(path: Path, data: dict[str, Any]) -> Release:
    _known("", data, _keys(Release) - {"file"})
    names: set[str] = set()
    layouts = tuple(_layout(number, _table(f"layout {number}", value), names)
                    for number, value in enumerate(_list("layout", data["layout"]), 1))
    if not layouts:
        raise Wrong("layout: there is none; expected one [[layout]] at least")
    values = {
        "generator": _one_of("generator", data["generator"], (*GENERATORS, UNKNOWN)),
        "hostonly": data["hostonly"] if data["hostonly"] == UNKNOWN else _flag("hostonly", data["hostonly"]),
        "packages": tuple(_text("packages", value) for value in _list("packages", data["packages"])),
    }
    return Release(id=_pattern("id", data["id"], r"[a-z]+:[a-z0-9.]+"), layout=layouts, file=path,
                   sources=_sources("", data["sources"], values), **values)


def _layout(number: int, data: dict[str, Any], names: set[str]) -> Layout:
    where = f"layout {number}"
    _known(where, data, _keys(Layout))
    name = _pattern(f"{where}: name", data["name"], r"[a-z0-9]+(-[a-z0-9]+)*")
    if name in names:
        raise Wrong(f"{where}: name: \"{name}\" is there twice")
    names.add(name)
    where = f"layout \"{name}\""
    values = {
        "partitions": tuple(_text(f"{where}: partitions", value) for value in _list(f"{where}: partitions", data["partitions"])),
        "luks": _one_of(f"{where}: luks", data["luks"], (1, 2, UNKNOWN)),
        "crypttab": _lines(f"{where}: crypttab", data["crypttab"], range(2, 5)),
        "fstab": _lines(f"{where}: fstab", data["fstab"], range(4, 7)),
        "cmdline": _placed(f"{where}: cmdline", _text(f"{where}: cmdline", data["cmdline"])),
        "storage": _storage(f"{where}: storage", _table(f"{where}: storage", data["storage"])),
    }
    return Layout(name=name, guided=_flag(f"{where}: guided", data["guided"]), sources=_sources(where, data["sources"], values), **values)


def _storage(where: str, data: dict[str, Any]) -> Storage:
    _known(where, data, _keys(Storage))
    return Storage(kind=_one_of(f"{where}: kind", data["kind"], KINDS),
                   root=_placed(f"{where}: root", _pattern(f"{where}: root", data["root"], r"/dev/\S+|UUID=\S+|unknown")),
                   fs=_text(f"{where}: fs", data["fs"]), swap=_flag(f"{where}: swap", data["swap"]),
                   separate_boot=_flag(f"{where}: separate_boot", data["separate_boot"]))


def _sources(where: str, value: Any, values: dict[str, Any]) -> dict[str, str]:
    """Every value has a source; an unknown one has a source that says where somebody looked, and only that one."""
    at = f"{where}: sources" if where else "sources"
    sources = _table(at, value)
    _known(at, sources, set(values))
    for key, found in values.items():
        source = _text(f"{at}: {key}", sources[key])
        if (found == UNKNOWN) != source.startswith(NOT_FOUND):
            raise Wrong(f"{at}: {key}: expected \"{NOT_FOUND}: WHERE IT WAS LOOKED FOR\" exactly where the value is \"{UNKNOWN}\"")
    return dict(sources)


def _keys(kind: type[Any]) -> set[str]:
    assert all(each.default is MISSING for each in fields(kind)), "every key has to be said"
    return {each.name for each in fields(kind)}


def _known(where: str, data: dict[str, Any], keys: Iterable[str]) -> None:
    prefix = f"{where}: " if where else ""
    wanted = set(keys)
    if unknown := sorted(set(data) - wanted):
        raise Wrong(f"{prefix}{', '.join(unknown)}: unknown; known are {', '.join(sorted(wanted))}")
    if missing := sorted(wanted - set(data)):
        raise Wrong(f"{prefix}{', '.join(missing)}: missing")


def _table(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"{where}: expected a table, got {value!r}")
    return value


def _list(where: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(f"{where}: expected a list, got {value!r}")
    return value


def _flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"{where}: expected true or false, got {value!r}")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"{where}: expected a text that is not empty, got {value!r}")
    return value


def _pattern(where: str, value: Any, pattern: str) -> str:
    if not re.fullmatch(pattern, _text(where, value)):
        raise Wrong(f"{where}: \"{value}\" is not of the form {pattern}")
    return str(value)


def _one_of(where: str, value: Any, known: tuple[Any, ...]) -> Any:
    if isinstance(value, bool) or value not in known:
        raise Wrong(f"{where}: got {value!r}; known are {', '.join(str(each) for each in known)}")
    return value


def _lines(where: str, value: Any, columns: range) -> str:
    """Lines of a table with blanks; "" for a file without lines."""
    if not isinstance(value, str):
        raise Wrong(f"{where}: expected a text, got {value!r}")
    if value != UNKNOWN:
        for line in value.splitlines():
            if line.strip() and len(line.split()) not in columns:
                raise Wrong(f"{where}: \"{line}\" has {len(line.split())} fields; expected {columns.start} to {columns.stop - 1}")
    return _placed(where, value)


def _placed(where: str, value: str) -> str:
    for word in re.findall(r"@(\w+)@", value):
        if word not in PLACEHOLDERS:
            raise Wrong(f"{where}: nothing is called @{word}@; known are {', '.join(PLACEHOLDERS)}")
    return value
