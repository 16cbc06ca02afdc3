# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots of Debian's suites, made by mmdebstrap from this machine's own mirror and kept as tar files."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import arch
import places
import shell

NAMES = {"12": "bookworm", "13": "trixie", "14": "forky"}
# A suite that moves every day may be broken today; that is no fault of ours.
MAY_FAIL = {"14"}
COMMON = ("systemd-sysv", "udev", "dbus", "systemd-resolved", "dracut", "dracut-network", "cryptsetup-bin", "openssh-server",
          "openssh-client", "zstd", "iproute2", "kmod", "e2fsprogs", "procps", "lvm2")
OWN = {"12": ("cryptsetup",), "13": ("systemd-cryptsetup",), "14": ("systemd-cryptsetup",)}


@dataclass(frozen=True)
class Root:
    suite: str
    tar: Path
    id: str


def mirror() -> str:
    sites = shell.run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]).output
    for site in sites.splitlines():
        if re.search(r"/debian/?$", site):
            return site
    raise shell.Failed("no mirror of Debian's archive among this machine's apt sources")


def get(suite: str, extra: Sequence[str] = (), without: Sequence[str] = ()) -> Root:
    """The tar of a suite's root with further packages, and without some that others have; it is made if it is not there."""
    packages = sorted({f"linux-image-cloud-{arch.here().name}", *COMMON, *OWN[suite], *extra} - set(without))
    tar = places.cache / f"boot-root-{NAMES[suite]}-{places.digest(packages)}.tar"
    name = tar.with_suffix(".id")
    with places.locked(tar):
        if not (tar.exists() and name.exists()):
            try:
                _make(suite, packages, tar)
            except shell.Failed as failure:
                if suite in MAY_FAIL:
                    raise shell.Skipped(f"no root of {NAMES[suite]} can be made today: {failure}") from failure
                raise
            with tarfile.open(tar) as archive:
                status = archive.extractfile("./var/lib/dpkg/status")
                assert status is not None
                name.write_text(places.digest(status.read()))
        return Root(suite, tar, name.read_text())


def _make(suite: str, packages: Sequence[str], tar: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise shell.Failed("mmdebstrap is not installed")
    print(f"making a root of {NAMES[suite]} (once)", flush=True)
    part = tar.with_suffix(".part")
    log = tar.with_suffix(".log")
    log.unlink(missing_ok=True)
    argv = ["nice", "mmdebstrap", "--format=tar", f"--arch={arch.here().name}", "--variant=minbase", "--include=" + ",".join(packages)]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info")]
    if suite in MAY_FAIL:
        # A mirror's Release file may be past its date.
        argv += ['--aptopt=Acquire::Check-Valid-Until "false"']
    try:
        # INITRD=No keeps the kernel's own hooks from building an image that nobody looks at.
        shell.run([*argv, NAMES[suite], str(part), mirror()], timeout=1500, log=log, env={**os.environ, "INITRD": "No", "LC_ALL": "C"})
        part.rename(tar)
        log.unlink()
    finally:
        part.unlink(missing_ok=True)


def unpack(root: Root, folder: Path) -> None:
    """Without device nodes: the machine's own /dev is mounted there, and making them may be forbidden."""
    folder.mkdir(parents=True, exist_ok=True)
    shell.run(["tar", "-xf", str(root.tar), "-C", str(folder), "--numeric-owner", "--exclude=./dev/*"], timeout=300)
