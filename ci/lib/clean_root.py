# SPDX-License-Identifier: GPL-3.0-or-later
"""Clean roots of Debian's suites: what apt installs into an empty folder and nothing else. mmdebstrap makes them from this machine's own
mirrors, security updates included; they are kept as tar files in the cache, and unpacked for one use.

ci/e2e/lib has to be in the search path, too."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import places
import roots
import shell

# In a folder as its root, with file systems of its own. After it and the script come pairs: a folder of the machine's, and where it is to
# be. What has to be set up for binfmt_misc is the machine's.
INSIDE = """root=$0 script=$1
shift
for folder in dev proc sys run tmp; do mkdir -p "$root/$folder"; done
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder"; done
mount -t tmpfs -o mode=0755 none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"
while (($#)); do mkdir -p "$root/$2"; mount --bind "$1" "$root/$2"; shift 2; done
exec chroot "$root" bash -euo pipefail -c "$script"
"""
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")


@dataclass(frozen=True)
class CleanRoot:
    folder: Path

    def run(self, script: str, *, timeout: float, log: Path | None = None, online: bool = False, env: dict[str, str] | None = None,
            shown: Sequence[tuple[Path, str]] = (), check: bool = True) -> shell.Result:
        """Runs a script inside, as root. Offline it has a network of its own with nothing in it. `shown` are folders of the machine's, and
        where they are to be."""
        alone = list(ALONE) + ([] if online else ["--net"])
        within = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        pairs = [word for folder, where in shown for word in (str(folder), where)]
        argv = [*alone, "bash", "-euc", INSIDE, str(self.folder), script, *pairs]
        return shell.run(argv, env={**within, **(env or {})}, timeout=timeout, log=log, check=check)


def missing() -> list[str]:
    return [tool for tool in ("mmdebstrap", "tar", "unshare", "dpkg") if shutil.which(tool) is None]


def sources(suite: str) -> list[str]:
    """The suite's lines of sources.list: its archive, and where this machine has a mirror of them, its updates and security updates."""
    name, archive = roots.NAMES[suite], roots.mirror()
    lines = [f"deb {archive} {name} main"]
    if suite in roots.MAY_FAIL:
        return lines
    lines.append(f"deb {archive} {name}-updates main")
    sites = shell.run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]).output
    security = [site for site in sites.splitlines() if re.search(r"/debian-security/?$", site)]
    return lines + [f"deb {security[0]} {name}-security main"] if security else lines


def why_not() -> str:
    """Why no root can be used here; "" when one can. In a container root may lack the right to mount."""
    if os.geteuid() != 0:
        return "only root can make a clean root and mount in it"
    if lost := missing():
        return f"not installed: {', '.join(lost)}"
    tried = shell.run([*ALONE, "--net", "true"], timeout=30, check=False)
    return "" if tried.status == 0 else f"nobody may mount here (a container needs --privileged): {tried.output.strip()}"


def is_made(suite: str, variant: str, packages: Sequence[str] = (), architectures: Sequence[str] = ()) -> bool:
    """Whether such a root has been made before."""
    return _path(suite, variant, sorted(set(packages)), list(architectures), sources(suite)).exists()


@contextlib.contextmanager
def unpacked(suite: str, variant: str, packages: Sequence[str] = (), architectures: Sequence[str] = (), *,
             fresh: bool = False) -> Iterator[CleanRoot]:
    """A root of the suite ("13") with what mmdebstrap's variant and the packages bring. The first of the architectures is the root's own;
    none are this machine's. `fresh`: of what the mirrors have today, not what they had when the root was made first."""
    tar = _tar(suite, variant, sorted(set(packages)), list(architectures), fresh)
    folder = Path(tempfile.mkdtemp(prefix="root-", dir=places.cache))
    try:
        # Without device nodes: the machine's own /dev is mounted there, and making them may be forbidden.
        shell.run(["tar", "-xf", str(tar), "-C", str(folder), "--numeric-owner", "--exclude=./dev/*"], timeout=600)
        folder.chmod(0o755)
        yield CleanRoot(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _path(suite: str, variant: str, packages: list[str], architectures: list[str], lines: list[str]) -> Path:
    return places.cache / f"clean-root-{roots.NAMES[suite]}-{variant}-{places.digest(packages, architectures, lines)}.tar"


def _tar(suite: str, variant: str, packages: list[str], architectures: list[str], fresh: bool) -> Path:
    name, lines = roots.NAMES[suite], sources(suite)
    tar = _path(suite, variant, packages, architectures, lines)
    with places.locked(tar):
        if fresh or not tar.exists():
            try:
                _make(suite, variant, packages, architectures, lines, tar)
            except shell.Failed as failure:
                if suite in roots.MAY_FAIL:
                    raise shell.Skipped(f"no root of {name} can be made today: {failure}") from failure
                raise
    return tar


def _make(suite: str, variant: str, packages: list[str], architectures: list[str], lines: list[str], tar: Path) -> None:
    print(f"making a root of {roots.NAMES[suite]} ({variant}, once)", flush=True)
    part, log = tar.with_suffix(".part"), tar.with_suffix(".log")
    log.unlink(missing_ok=True)
    # Nothing here has to survive a power failure.
    argv = ["mmdebstrap", "--format=tar", f"--variant={variant}", "--dpkgopt=force-unsafe-io"]
    if architectures:
        argv.append("--architectures=" + ",".join(architectures))
    if packages:
        argv.append("--include=" + ",".join(packages))
    if suite in roots.MAY_FAIL:
        # A mirror's Release file may be past its date.
        argv.append('--aptopt=Acquire::Check-Valid-Until "false"')
    try:
        shell.run([*argv, roots.NAMES[suite], str(part), *lines], timeout=2400, log=log, env={**os.environ, "LC_ALL": "C"})
        part.rename(tar)
        log.unlink()
    finally:
        part.unlink(missing_ok=True)
