# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's own programs, put into a scratch root: scripts of a package run there, as in a system that is hardly more than a shell."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import shell

PROGRAMS = ("bash", "awk", "cat", "date", "find", "grep", "ls", "mkdir", "mv", "rm", "sed", "sha256sum", "sort", "stat", "tr",
            "uname", "xargs")


def put_into(root: Path) -> None:
    """Each with the libraries that it is linked with; /bin/sh is bash."""
    (root / "usr/bin").mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        program = shutil.which(name)
        if program is None:
            raise shell.Failed(f"this machine has no {name}")
        shutil.copy2(program, root / "usr/bin" / name)
        for library in re.findall(r"(/\S+) \(0x", shell.run(["ldd", program]).output):
            to = root / library.lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, to)
    (root / "bin").mkdir(exist_ok=True)
    for name in ("sh", "bash"):
        (root / "bin" / name).symlink_to("../usr/bin/bash")
    # A device cannot be made everywhere; the machine's own is mounted over this.
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev/null").touch()
