# SPDX-License-Identifier: GPL-3.0-or-later
"""The architecture of the roots that are booted: this machine's, or another one, whose programs qemu-user runs until qemu boots them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import shell


@dataclass(frozen=True)
class Architecture:
    name: str  # as dpkg calls it
    elf: int  # e_machine of its programs, elf(5)
    qemu: str
    user: str  # what qemu-user-static calls it, in binfmt_misc
    triplet: str  # that folders of libraries are called by
    ciphers: str  # drivers of what its processors have for them


KNOWN = {known.name: known for known in (
    Architecture("amd64", 62, "qemu-system-x86_64", "qemu-x86_64", "x86_64-linux-gnu", "aesni_intel"),
    Architecture("arm64", 183, "qemu-system-aarch64", "qemu-aarch64", "aarch64-linux-gnu", "aes-ce-blk"),
)}
chosen = ""  # "": this machine's own


def own() -> str:
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def here() -> Architecture:
    name = chosen or own()
    if name not in KNOWN:
        raise shell.Skipped(f"machines of {name} are not known; known are {', '.join(KNOWN)}")
    return KNOWN[name]


def choose(name: str) -> None:
    """All is slower by far where a processor is imitated from the first program on."""
    global chosen
    chosen = name
    if here().name == own():
        return
    if not Path("/proc/sys/fs/binfmt_misc", here().user).exists():
        raise shell.Skipped(f"programs of {name} do not run here: binfmt_misc has no {here().user} (apt install qemu-user-static arch-test)")
    shell.patience = 4.0
