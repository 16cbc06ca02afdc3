# SPDX-License-Identifier: GPL-3.0-or-later
"""What the static program is built from: the same files as the package dracut-sshd-tools, as one tarball."""

from __future__ import annotations

import calendar
import io
import json
import re
import tarfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import places
import shell


@dataclass(frozen=True)
class Source:
    version: str
    day: str  # of the newest entry of CHANGELOG.md
    tar: bytes

    @property
    def epoch(self) -> int:
        return calendar.timegm(time.strptime(self.day, "%Y-%m-%d"))

    @property
    def top(self) -> str:
        return f"dracut-sshd-static-{self.version}"


def read() -> Source:
    head = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", (places.project / "CHANGELOG.md").read_text(), re.MULTILINE)
    if not head:
        raise shell.Failed('CHANGELOG.md: no entry begins with "## VERSION - YEAR-MONTH-DAY"')
    known = Source(head[1], head[2], b"")
    return Source(head[1], head[2], packed(((f"{known.top}/{path.relative_to(places.project)}", path) for path in _files()), known.epoch))


def packed(files: Iterable[tuple[str, Path]], epoch: int) -> bytes:
    """A tar of these files by their names: sorted, with the folders, owned by 0:0, of one time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders: set[str] = set()
        for name, path in sorted(files):
            for parent in reversed([str(each) for each in Path(name).parents][:-1]):
                if parent not in folders:
                    folders.add(parent)
                    member = tarfile.TarInfo(parent)
                    member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, epoch
                    archive.addfile(member)
            data = path.read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), epoch
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _files() -> list[Path]:
    packages = json.loads((places.project / "project.json").read_text())["packages"]
    package = next(each for each in packages if each["making"] == "compiled")
    left_out = tuple(f"{each}/" for each in package["left_out"])
    out = []
    for part in package["source"]:
        top = places.project / part
        for path in [top] if top.is_file() else top.rglob("*"):
            within = path.relative_to(places.project)
            hidden = any(piece.startswith(".") or piece.endswith("~") or piece == "__pycache__" for piece in within.parts)
            if path.is_file() and not path.is_symlink() and not hidden and not str(within).startswith(left_out):
                out.append(path)
    return out
