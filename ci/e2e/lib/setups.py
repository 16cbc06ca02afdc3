# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of test_setup.py: files of ci/e2e/setups. What each key means stands here; a key that is not known is an error."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import scenario

FOLDER = Path(__file__).resolve().parents[1] / "setups"
# Who makes the system's first initramfs.
GENERATORS = ("dracut", "initramfs-tools")


@dataclass(frozen=True)
class Cell:
    name: str
    title: str
    suites: tuple[str, ...] = ("13",)
    extended: tuple[str, ...] = ()  # the suites on which ci/test plays it
    packages: tuple[str, ...] = ()  # of the system, beside what every root here has; none: ifupdown and its DHCP client
    services: tuple[str, ...] = ()  # units that are enabled
    generator: str = "dracut"  # initramfs-tools: dracut is installed later, in the running system
    layout: str = "debian:@SUITE@/manual-plain"  # of ci/e2e/installers
    from_desk: bool = False  # `dracut-sshd setup USER@HOST`, and the machine has no program dracut-sshd; else setup is run there
    user: str = "root"  # who logs in from the desk; another one becomes root by sudo
    files: tuple[scenario.File, ...] = ()  # of the system: its network above all
    commands: tuple[str, ...] = ()  # shell, in the system's root, before its disk is made
    network: scenario.Network = scenario.Network(mode="tap")
    before: tuple[str, ...] = ()  # commands that root runs in the running system, before setup
    arguments: tuple[str, ...] = ()  # of `setup`, beside --yes
    written: tuple[str, ...] = ()  # lines (regular expressions) that have to be in what setup writes below /etc/dracut-sshd/network
    absent: tuple[str, ...] = ()  # and that must not be there
    removed: bool = False  # at the end, `setup --remove`, a new initramfs, and a boot that is as before
    initrd: tuple[tuple[str, str], ...] = ()  # of the initramfs after the reboot: a command, and what it has to print


def load(folder: Path = FOLDER) -> list[Cell]:
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def read(path: Path) -> Cell:
    try:
        data = tomllib.loads(path.read_text())
        network = scenario.table(data.pop("network", {}))
        made: Cell = scenario.made(Cell, {
            **data, "name": path.stem,
            "files": scenario.files(data.pop("files", [])),
            "network": scenario.made(scenario.Network, {"mode": "tap", **network}),
            "initrd": tuple((pair["command"], pair["expect"]) for pair in data.pop("initrd", [])),
        })
        if made.generator not in GENERATORS:
            raise scenario.Wrong(f"generator: got \"{made.generator}\"; known are {', '.join(GENERATORS)}")
        if unknown := set((*made.suites, *made.extended)) - set(scenario.SUITES):
            raise scenario.Wrong(f"suites: {', '.join(sorted(unknown))}: unknown; known are {', '.join(scenario.SUITES)}")
        return made
    except (scenario.Wrong, tomllib.TOMLDecodeError, KeyError) as fault:
        raise scenario.Wrong(f"{path}: {fault}") from fault
