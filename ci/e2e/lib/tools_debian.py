# SPDX-License-Identifier: GPL-3.0-or-later
"""dracut-sshd-tools on a release of Debian: its source package built by dpkg-buildpackage in a clean root, offline; judged by that
release's lintian; installed by apt in another root that holds next to nothing, and purged."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import clean_root
import roots
import shell
import tools_package
from tools_package import NAME, Source

CACHE = "300M"
LINTIAN = "-EvIL +pedantic --allow-root --tag-display-limit 0 --fail-on none"
# Beside what the package asks for: its own judge, and what remembers compilations.
BESIDE = ("lintian", "ccache")
# What lintian may say, and why that stays, beside what the package's own lintian-overrides explain.
EXPLAINED = {
    "hardening-no-fortify-functions": "there are none without optimisation, and the test compiles without",
    # One set of templates serves all releases: what only the newest lintian asks for, Debian 12's debhelper, uscan or policy does not have.
    "older-debian-watch-file-standard": "version 5 is not known to Debian 12's uscan",
    "out-of-date-standards-version": "the profile has the newest that the stable release's lintian knows",
    "package-uses-old-debhelper-compat-version": "debhelper 13 is Debian 12's newest",
    "redundant-priority-optional-field": "Debian 12's dpkg wants the field",
    "redundant-rules-requires-root-no-field": "it is the default since dpkg 1.22.13 alone",
}


def build_depends(dsc: str) -> list[str]:
    """What a clean root has to hold; debhelper stands for its virtual package of a compatibility level."""
    found = re.search(r"^Build-Depends: (.+)$", dsc, re.MULTILINE)
    if not found:
        raise shell.Failed("the .dsc names no Build-Depends")
    names = [relation.split()[0] for relation in found[1].split(",")]
    return ["debhelper" if name == "debhelper-compat" else name for name in names]


def build(source: Source, work: Path, tell: Callable[[str, object], None]) -> Path:
    """The .deb, out of the packed source package and nothing else."""
    suite = source.release.partition(":")[2]
    if lost := clean_root.missing():
        raise shell.Skipped(f"not installed: {', '.join(lost)}")
    dsc = source.only("*.dsc")
    with clean_root.unpacked(suite, "buildd", [*build_depends(dsc.read_text()), *BESIDE]) as root:
        inside = root.folder / "build"
        inside.mkdir()
        for file in (dsc, source.only("*.orig.tar.gz"), source.only("*.debian.tar.xz")):
            shutil.copy(file, inside)
        # noopt halves the compiler's time, and lintian sees as much.
        root.run(f"""cd /build
            export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=/ccache CCACHE_MAXSIZE={CACHE} DEB_BUILD_OPTIONS="parallel=$(nproc) noopt"
            dpkg-source --extract {shlex.quote(dsc.name)} tree
            cd tree
            dpkg-buildpackage --build=binary --unsigned-changes --unsigned-source""",
                 timeout=2400, log=source.log, shown=[(tools_package.memory(f"debian-{suite}"), "ccache")])
        lint = root.run(f"cd /build && lintian {LINTIAN} {NAME}_*.deb {shlex.quote(dsc.name)}", timeout=300, log=source.log)
        complaints = re.findall(r"^[EWIPXC]: \S+(?: source)?: (\S+).*$", lint.output, re.MULTILINE)
        tell("lintian", ", ".join(sorted(set(complaints))) or "nothing")
        if not_explained := [line for line in lint.output.splitlines() if re.match(r"[EWIPXC]: ", line) and not _is_explained(line)]:
            raise shell.Failed("\n".join(["lintian complains", *not_explained, f"(the whole log is {source.log})"]))
        return Path(shutil.copy(next(inside.glob(f"{NAME}_*.deb")), work))


def _is_explained(line: str) -> bool:
    return any(tag in line.split() for tag in EXPLAINED)


def paths(deb: Path) -> list[str]:
    """All that the package brings, but for folders."""
    listed = shell.run(["dpkg-deb", "--contents", str(deb)]).output.splitlines()
    return [line.split(maxsplit=5)[5].removeprefix("./").split(" -> ")[0] for line in listed if not line.startswith("d")]


def install_and_purge(source: Source, deb: Path) -> None:
    """What it needs comes from its own Depends: the root holds apt and what is essential. Then it goes, and leaves nothing."""
    suite, log = source.release.partition(":")[2], source.log
    brought = paths(deb)
    with clean_root.unpacked(suite, "apt") as root:
        shutil.copy(deb, root.folder / deb.name)
        asked = root.run("apt-get -q update", timeout=300, log=log, online=True, check=False)
        if asked.status != 0:
            words = f"apt-get update in a root of {roots.NAMES[suite]}: {asked.output.strip().splitlines()[-1:]}"
            raise shell.Skipped(words) if suite in roots.MAY_FAIL else shell.Failed(words)
        root.run(f"apt-get -q -y install --no-install-recommends /{shlex.quote(deb.name)}", timeout=600, log=log, online=True)
        said = root.run("dracut-sshd --version", timeout=30, log=log).output.strip()
        if said != f"dracut-sshd {source.version}":
            raise shell.Failed(f"dracut-sshd --version says {said!r}")
        explained = root.run("dracut-sshd inspect explain", timeout=30, log=log).output
        if "sshd.helpers" not in explained:
            raise shell.Failed(f"dracut-sshd inspect explain says {explained[:200]!r}")
        tools_package.look_for(root.folder, "vendor-completions")
        if lost := [path for path in brought if not (root.folder / path).exists()]:
            raise shell.Failed(f"{deb.name} has files that apt did not install: {', '.join(lost)}")
        root.run(f"apt-get -q -y purge {NAME}", timeout=120, log=log)
        left = [path for path in (*brought, f"usr/share/doc/{NAME}") if (root.folder / path).exists()]
        if left or NAME in root.run("dpkg-query --show", timeout=30, log=log).output:
            raise shell.Failed(f"{NAME} was purged, and left {', '.join(left) or 'a record of itself'}")
