# SPDX-License-Identifier: GPL-3.0-or-later
"""The statically linked dracut-sshd, for guests of any suite: built once for each content of the tree."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import places
import shell

# What it is made of, and by.
SOURCES = ("orchestrator", "CMakeLists.txt", "project.json", "CHANGELOG.md", "LICENSES", "ci/static-program", "ci/staticlib")
KEPT = 2


def get(given: Path | None) -> Path:
    """given: take this file, and build none."""
    if given is not None:
        return given
    arch = platform.machine()
    tree = places.digest_of_tree([places.project / name for name in SOURCES if (places.project / name).exists()])
    folder = places.logs / f"static-{tree}"
    program = folder / "bin/dracut-sshd"
    with places.locked(folder):
        if not program.exists():
            print("building the static program (once)", flush=True)
            out = places.logs / "static-program"
            shutil.rmtree(out, ignore_errors=True)
            done = subprocess.run([places.project / "ci/static-program", "--arch", arch, "--ccache", "--out", out], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False, timeout=3000)
            if done.returncode == 77:
                raise shell.Skipped(done.stdout.strip().removeprefix("SKIPPED: "))
            if done.returncode != 0:
                raise shell.Failed(f"ci/static-program ended with {done.returncode}: {done.stderr[-1000:]}")
            tarball = next(out.glob(f"dracut-sshd-static-*-{arch}.tar.gz"))
            folder.mkdir(parents=True, exist_ok=True)
            shell.run(["tar", "-xf", str(tarball), "--strip-components=1", "-C", str(folder)])
        os.utime(folder)
    places.keep_newest(places.logs, "static-*[0-9a-f]", KEPT)
    return program
