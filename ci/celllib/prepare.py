# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a cell: its plan, the package, and the program that inspects."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import places
import plan
import profiles
import shell

NAME = "dracut-sshd"
WRAPPER = """#!/bin/bash
here=${{BASH_SOURCE[0]%/*}}
exec "$here/lib/{loader}" --library-path "$here/lib" "$here/lib/{name}" "$@"
"""
FOLDER = places.build / "cells"
# What a release's folder in dist/ has for the one who installs.
FILES = {"rpm": ("*.noarch.rpm",), "deb": ("*_all.deb",), "pkgbuild": ("*.pkg.tar.*",), "ebuild": ("overlay", "*.tar.gz")}


def package(profile: dict[str, Any], given: Path | None) -> list[Path]:
    """The files to install: a file, a release's folder, or one like dist/; without any they are built."""
    if given is not None and given.is_file():
        return [given]
    top = given or _built(profile)
    folder = top / profiles.label(profile) if (top / profiles.label(profile)).is_dir() else top
    found = [sorted(folder.glob(pattern)) for pattern in FILES[profile["package"]["format"]]]
    if not all(len(files) == 1 for files in found):
        raise shell.Failed(f"{folder} does not hold one package of {profiles.label(profile)}: {[str(each) for files in found for each in files]}")
    return [files[0] for files in found]


def _built(profile: dict[str, Any]) -> Path:
    name = f"{profile['id']}:{profile['release']}"
    orchestrator = places.build / "orchestrator/orchestrator"
    if not orchestrator.exists():
        shell.run([str(places.project / "ci/quickstart"), "--package", profiles.PACKAGE, "--distro", name], timeout=3000, log=_log())
        return places.project / "dist"
    out = FOLDER / "dist"
    shell.run([str(orchestrator), "build", "--project", str(places.project), "--package", profiles.PACKAGE, "--distro", name,
               "--out", str(out), "--tools", str(places.build / "portage/bin")], timeout=600, log=_log())
    return out


def _log() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER / "prepare.log"


def inspector(given: Path | None, arch: str) -> Path | None:
    """dracut-sshd for that architecture; built, if this machine can."""
    if given is not None:
        return given
    if arch != platform.machine():
        return None
    built = places.build / "orchestrator/dracut-sshd"
    if not built.exists():
        shell.run([str(places.project / "ci/lib/programs"), "dracut-sshd"], timeout=3000, log=_log())
    return built


def _bundle(program: Path, to: Path) -> None:
    """The program with its own loader and libraries, so that it runs where there are other ones or none."""
    shutil.copy(program, to / NAME)
    (to / NAME).chmod(0o755)
    if shutil.which("strip"):
        shell.run(["strip", str(to / NAME)], check=False)  # nine tenths are for a debugger
    asked = shell.run(["ldd", str(program)], check=False)
    libraries = [found[1] for found in re.finditer(r"(/\S+) \(0x", asked.output)]
    if asked.status != 0 or not libraries:
        return  # it is linked statically, or a script
    (to / "lib").mkdir()
    for library in libraries:
        shutil.copy(library, to / "lib")
    os.rename(to / NAME, to / "lib" / NAME)
    loader = next(Path(library).name for library in libraries if Path(library).name.startswith("ld-"))
    (to / NAME).write_text(WRAPPER.format(loader=loader, name=NAME))
    (to / NAME).chmod(0o755)


def folder(profile: dict[str, Any], arch: str, given: Path | None, program: Path | None, out: Path | None) -> Path:
    """Made whole, then put in its place."""
    to = out or FOLDER / f"{profiles.label(profile)}-{arch}"
    to.parent.mkdir(parents=True, exist_ok=True)
    files = package(profile, given)
    part = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
    try:
        part.chmod(0o755)
        (part / "plan").write_text(plan.text(profile, arch))
        (part / "in").mkdir()
        for file in files:
            if file.is_dir():
                shutil.copytree(file, part / "in" / file.name)
            else:
                shutil.copy(file, part / "in")
        if program is not None:
            _bundle(program, part)
        shutil.rmtree(to, ignore_errors=True)
        if to.exists():
            raise shell.Failed(f"{to} cannot be removed; a container may have written there as root")
        os.rename(part, to)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return to
