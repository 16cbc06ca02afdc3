# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of an initramfs: cpio's "newc" (see the kernel's Documentation/driver-api/early-userspace/buffer-format.rst).

An image may hold several archives, and of a path that is in two of them the later one wins."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = 110
MAGIC = b"070701"


@dataclass(frozen=True)
class Entry:
    path: str
    mode: int
    data: bytes


def _record(number: int, path: str, mode: int, data: bytes) -> bytes:
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = MAGIC + b"".join(b"%08X" % field for field in fields) + name
    return _padded(_padded(head) + data)


def _padded(data: bytes, size: int = 4) -> bytes:
    return data + b"\0" * (-len(data) % size)


def archive(entries: list[Entry]) -> bytes:
    """All of it owned by root. Folders that lead there are made, which leaves those alone that an earlier archive has."""
    records: list[bytes] = []
    known: set[str] = set()
    for entry in entries:
        parts = entry.path.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            if folder not in known:
                known.add(folder)
                records.append(_record(len(records) + 1, folder, stat.S_IFDIR | (0o700 if folder.endswith("root") else 0o755), b""))
        records.append(_record(len(records) + 1, entry.path, entry.mode, entry.data))
    records.append(_record(0, "TRAILER!!!", 0, b""))
    return _padded(b"".join(records), 512)


def end_of_first(data: bytes) -> int:
    """Where an archive ends with which `data` begins, and the zeros after it."""
    at = 0
    while data[at:at + 6] == MAGIC:
        size, length = (int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in (6, 11))
        path = data[at + HEADER:at + HEADER + length - 1]
        at += HEADER + length
        at += -at % 4 + size
        at += -at % 4
        if path == b"TRAILER!!!":
            break
    else:
        raise ValueError(f"no cpio header at byte {at}")
    while data[at:at + 1] == b"\0":
        at += 1
    return at


def read(image: Path) -> Iterator[Entry]:
    """The entries of an image that is not compressed, all archives one after another."""
    data = image.read_bytes()
    at = 0
    while at < len(data):
        if data[at:at + 1] == b"\0":  # between two archives
            at += 1
            continue
        if data[at:at + 6] != MAGIC:
            raise ValueError(f"{image}: no cpio header at byte {at}; is the image compressed?")
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        path = data[at + HEADER:at + HEADER + length - 1].decode()
        begin = at + HEADER + length
        begin += -begin % 4
        if path != "TRAILER!!!":
            yield Entry(path.removeprefix("./"), mode, data[begin:begin + size])
        at = begin + size
        at += -at % 4
