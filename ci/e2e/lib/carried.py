# SPDX-License-Identifier: GPL-3.0-or-later
"""The program dracut-sshd in a root of another release than the one that it was built on: with its libraries and their loader beside it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import places
import shell
import verdict

# In a root: what is to be called. @PROGRAM@ in a scenario's commands.
PLACE = "var/tmp/program"
WORD = "PROGRAM"


def is_wanted(commands: tuple[str, ...]) -> bool:
    return any(f"@{WORD}@" in command for command in commands)


def identity() -> str:
    return places.digest(verdict.program())


def put(tree: Path) -> str:
    """Copies it, and returns the path by which programs in the root call it."""
    folder = tree / PLACE
    folder.mkdir(parents=True)
    program = verdict.program()
    shutil.copy(program, folder / program.name)
    files = re.findall(r"(/\S+) \(0x[0-9a-f]+\)$", shell.run(["ldd", str(program)]).output, re.MULTILINE)
    for file in files:
        shutil.copy(file, folder / Path(file).name)
    loader = next(Path(file).name for file in files if Path(file).name.startswith("ld-"))
    call = folder / "call"
    call.write_text(f'#!/bin/sh\nexec /{PLACE}/{loader} --library-path /{PLACE} /{PLACE}/{program.name} "$@"\n')
    call.chmod(0o755)
    return f"/{PLACE}/call"
