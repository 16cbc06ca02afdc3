# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian and Ubuntu: the source package by dpkg-source; for Debian's releases also the package, by dpkg-buildpackage in a clean root of
the release, installed by apt in another one, and judged by the release's own lintian."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from pathlib import Path

import chroots
import roots
import shell
import source
from job import Job, Made

CACHE = "300M"
LINTIAN = "--allow-root --display-info --tag-display-limit 0 --fail-on error,warning"
INSTALLED = ("usr/bin/dracut-sshd", "usr/share/man/man1/dracut-sshd.1.gz", "usr/share/bash-completion/completions/dracut-sshd",
             "usr/share/zsh/vendor-completions/_dracut-sshd", "usr/share/doc/dracut-sshd-tools/copyright",
             "usr/share/doc/dracut-sshd-tools/changelog.gz", "usr/share/doc/dracut-sshd-tools/changelog.Debian.gz")


def source_package(job: Job) -> tuple[Path, list[Path]]:
    """The unpacked source package, and the files of the packed one, the .dsc first."""
    package, work = job.package, job.work
    suffix, series = str(job.release["suffix"]), str(job.release["series"])
    known = {**source.values(package), "STANDARDS_VERSION": str(job.release["standards_version"])}
    top = work / f"{package.name}-{package.version}"
    orig = work / f"{package.name}_{package.version}.orig.tar.gz"
    orig.write_bytes(package.tarball)
    shell.run(["tar", "-xf", str(orig), "-C", str(work)])
    source.fill_tree(source.FOLDER / "debian", known, top / "debian", ("rules",))
    (top / "debian/changelog").write_text(source.changelog_deb(package, suffix, series))
    env = {"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": str(package.epoch), "LC_ALL": "C.UTF-8"}
    shell.run(["env", "-C", str(work), "dpkg-source", "--build", str(top)], env=env)
    stem = f"{package.name}_{package.version}-{package.revision}{suffix}"
    return top, [work / f"{stem}.dsc", orig, work / f"{stem}.debian.tar.xz"]


def build_depends(control: str) -> list[str]:
    """What a clean root has to hold; debhelper stands for its virtual package of a compatibility level."""
    found = re.search(r"^Build-Depends:\n((?: .*\n)+)", control, re.MULTILINE)
    if not found:
        raise shell.Failed("debian/control names no Build-Depends")
    names = [line.split(",")[0].split()[0] for line in found[1].splitlines()]
    return ["debhelper" if name == "debhelper-compat" else name for name in names]


def binary_package(job: Job) -> Made:
    """Built offline, out of the packed source package, then installed with the mirror's libraries."""
    top, files = source_package(job)
    package, suite, dsc = job.package, str(job.release["id"]), files[0]
    made = Made(files)
    begin = time.monotonic()
    with chroots.for_building(suite, build_depends((top / "debian/control").read_text())) as chroot:
        ready = time.monotonic()
        inside = chroot.folder / "build"
        inside.mkdir()
        for file in files:
            shutil.copy(file, inside)
        launcher, shown = ("ccache", (job.memory, "ccache")) if job.memory else ("", None)
        quick = " noopt" if job.memory else ""  # for a test: half the compiler's time
        chroot.run(f"""cd /build
            export CMAKE_CXX_COMPILER_LAUNCHER={launcher} CCACHE_DIR=/ccache CCACHE_MAXSIZE={CACHE} DEB_BUILD_OPTIONS="parallel=$(nproc){quick}"
            dpkg-source --extract {shlex.quote(dsc.name)} tree
            cd tree
            dpkg-buildpackage --build=binary --unsigned-changes --unsigned-source""",
                   timeout=1500, log=job.log, online=False, shown=shown)
        built = time.monotonic()
        lint = chroot.run(f"cd /build && lintian {LINTIAN} {package.name}_*.deb {dsc.name}", timeout=300, log=job.log, online=False,
                          check=False)
        for file in sorted(inside.iterdir()):
            if file.suffix in (".deb", ".buildinfo", ".changes"):
                made.files.append(Path(shutil.copy(file, job.work)))
    judged = time.monotonic()
    deb = next(file for file in made.files if file.name.startswith(f"{package.name}_") and file.suffix == ".deb")
    _try(package, suite, deb, job.log)
    made.lines.append(f"root {ready - begin:.0f} s, build {built - ready:.0f} s, lintian {judged - built:.0f} s, "
                      f"installing {time.monotonic() - judged:.0f} s")
    # lintian looks at hardening, too.
    made.lines += [f"lintian: {line}" for line in lint.output.splitlines() if re.match(r"[EWIPX]: ", line)] or ["lintian: nothing"]
    if lint.status != 0:
        raise shell.Failed("\n".join(["lintian complains", *made.lines, f"(the whole log is {job.log})"]))
    return made


def _try(package: source.Package, suite: str, deb: Path, log: Path) -> None:
    """What it needs comes from its own Depends: the root holds next to nothing. Then it goes, and leaves nothing."""
    with chroots.for_installing(suite) as chroot:
        shutil.copy(deb, chroot.folder / deb.name)
        asked = chroot.run("apt-get -q update", timeout=300, log=log, online=True, check=False)
        if asked.status != 0:
            words = f"apt-get update in a root of {roots.NAMES[suite]}: {asked.output.strip().splitlines()[-1:]}"
            raise shell.Skipped(words) if suite in roots.MAY_FAIL else shell.Failed(words)
        chroot.run(f"apt-get -q -y install --no-install-recommends /{shlex.quote(deb.name)}", timeout=600, log=log, online=True)
        said = chroot.run("dracut-sshd --version", timeout=30, log=log, online=False).output.strip()
        if said != f"dracut-sshd {package.version}":
            raise shell.Failed(f"dracut-sshd --version says {said!r}")
        chroot.run("dracut-sshd inspect explain", timeout=30, log=log, online=False)
        for path in INSTALLED:
            if not (chroot.folder / path).is_file():
                raise shell.Failed(f"{deb.name} installs no /{path}")
        chroot.run(f"apt-get -q -y purge {package.name}", timeout=120, log=log, online=False)
        left = [path for path in INSTALLED if (chroot.folder / path).exists()]
        if left:
            raise shell.Failed(f"{package.name} was removed, and left {', '.join(left)}")
