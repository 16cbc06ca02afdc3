# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: the project, the build folder, the cache; and names that are made of contents."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

library = Path(__file__).resolve().parent
project = library.parents[2]
build = Path(os.environ.get("BUILD_DIR", project / "build")).resolve()
logs = build / "e2e"
cache = Path(os.environ.get("XDG_CACHE_HOME", "/var/cache")) / "dracut-sshd"


def digest(*parts: object) -> str:
    """A name for a content: of bytes, texts, files, or anything that JSON can write."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.read_bytes()
        elif isinstance(part, bytes):
            data = part
        else:
            data = json.dumps(part, sort_keys=True).encode()
        total.update(hashlib.sha256(data).digest())
    return total.hexdigest()[:16]


def digest_of_tree(tops: Iterable[Path]) -> str:
    """A name for the contents and modes of folders and files."""
    parts: list[object] = []
    for top in tops:
        for path in [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                parts += [str(path.relative_to(project)), path.stat().st_mode & 0o777, path]
    return digest(*parts)


@contextlib.contextmanager
def locked(name: Path) -> Iterator[None]:
    """Two runs do not make the same thing at once."""
    name.parent.mkdir(parents=True, exist_ok=True)
    with name.with_name(name.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep_newest(folder: Path, pattern: str, count: int) -> None:
    """Removes the folders that match, but for the newest; what was used last is newest."""
    used: list[tuple[float, Path]] = []
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another cell is removing it too
            if path.is_dir():
                used.append((path.stat().st_mtime, path))
    for when, path in sorted(used, reverse=True)[count:]:
        # Another run may be using it. An hour is longer than any cell.
        if time.time() - when > 3600:
            shutil.rmtree(path, ignore_errors=True)
            path.with_name(path.name + ".lock").unlink(missing_ok=True)
