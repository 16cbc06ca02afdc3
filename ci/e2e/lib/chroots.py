# SPDX-License-Identifier: GPL-3.0-or-later
"""Clean roots of Debian's suites, from this machine's own mirror and kept as tar files: one in which the package is built, and one with
next to nothing in it, in which it is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import places
import roots
import shell

# Beside what the package asks for: its own judge, and what remembers compilations (asked with --ccache alone).
BUILD = ("lintian", "ccache")
# In a folder as its root, with file systems of its own; $2 is a folder of the machine's that is to be at $3, or empty.
INSIDE = """root=$0
for folder in dev proc sys run tmp; do mkdir -p "$root/$folder"; done
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder"; done
mount -t tmpfs -o mode=0755 none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"
if [ "$2" ]; then mkdir -p "$root/$3"; mount --bind "$2" "$root/$3"; fi
exec chroot "$root" bash -euo pipefail -c "$1"
"""
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")


@dataclass(frozen=True)
class Chroot:
    folder: Path

    def run(self, script: str, *, timeout: float, log: Path, online: bool, env: dict[str, str] | None = None,
            shown: tuple[Path, str] | None = None, check: bool = True) -> shell.Result:
        """Runs a script inside, as root. Offline it has a network of its own with nothing in it."""
        alone = list(ALONE) + ([] if online else ["--net"])
        mounted = ["", ""] if shown is None else [str(shown[0]), shown[1]]
        within = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        argv = [*alone, "bash", "-euc", INSIDE, str(self.folder), script, *mounted]
        return shell.run(argv, env={**within, **(env or {})}, timeout=timeout, log=log, check=check)


def missing() -> list[str]:
    return [tool for tool in ("mmdebstrap", "tar", "unshare", "dpkg") if shutil.which(tool) is None]


@contextlib.contextmanager
def for_building(suite: str, wanted: Sequence[str]) -> Iterator[Chroot]:
    with _unpacked(_tar(suite, "build", "buildd", (*wanted, *BUILD))) as chroot:
        yield chroot


@contextlib.contextmanager
def for_installing(suite: str) -> Iterator[Chroot]:
    """apt and what is essential: what the package needs otherwise it has to ask for."""
    with _unpacked(_tar(suite, "install", "apt", ())) as chroot:
        yield chroot


@contextlib.contextmanager
def _unpacked(tar: Path) -> Iterator[Chroot]:
    folder = Path(tempfile.mkdtemp(prefix="root-", dir=places.cache))
    try:
        # Without device nodes: the machine's own /dev is mounted there, and making them may be forbidden.
        shell.run(["tar", "-xf", str(tar), "-C", str(folder), "--numeric-owner", "--exclude=./dev/*"], timeout=300)
        yield Chroot(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tar(suite: str, purpose: str, variant: str, packages: Sequence[str]) -> Path:
    names = sorted(set(packages))
    name = roots.NAMES[suite]
    tar = places.cache / f"tools-{purpose}-root-{name}-{places.digest(variant, names)}.tar"
    with places.locked(tar):
        if not tar.exists():
            try:
                _make(suite, variant, names, tar)
            except shell.Failed as failure:
                if suite in roots.MAY_FAIL:
                    raise shell.Skipped(f"no root of {name} can be made today: {failure}") from failure
                raise
    return tar


def _make(suite: str, variant: str, packages: Sequence[str], tar: Path) -> None:
    print(f"making a root of {roots.NAMES[suite]} ({variant}, once)", flush=True)
    part, log = tar.with_suffix(".part"), tar.with_suffix(".log")
    log.unlink(missing_ok=True)
    argv = ["nice", "mmdebstrap", "--format=tar", f"--variant={variant}"]
    if packages:
        argv += ["--include=" + ",".join(packages)]
    if suite in roots.MAY_FAIL:
        # A mirror's Release file may be past its date.
        argv += ['--aptopt=Acquire::Check-Valid-Until "false"']
    try:
        shell.run([*argv, roots.NAMES[suite], str(part), roots.mirror()], timeout=1500, log=log, env={**os.environ, "LC_ALL": "C"})
        part.rename(tar)
        log.unlink()
    finally:
        part.unlink(missing_ok=True)
