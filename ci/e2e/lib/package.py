# SPDX-License-Identifier: GPL-3.0-or-later
"""The package that goes into a root: made by the real orchestrator, once for each suite and content of the tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import places
import shell

# What a package is made of.
SOURCES = ("module", "debian", "distros", "project.json", "CHANGELOG.md", "LICENSES")


@dataclass(frozen=True)
class Package:
    file: Path
    id: str


def content(file: Path) -> str:
    """A name for what a package brings: paths, modes and contents, without times."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(file)], check=True, capture_output=True).stdout
    parts: list[object] = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in sorted(archive.getmembers(), key=lambda entry: entry.name):
            if member.name.startswith("./usr/share/"):
                continue  # manuals do not boot
            body = archive.extractfile(member) if member.isfile() else None
            parts += [member.name, member.mode, member.linkname, body.read() if body else b""]
    return places.digest(*parts)


def get(suite: str, given: Path | None) -> Package:
    if given is not None:
        return Package(given, content(given))
    orchestrator = places.build / "orchestrator/orchestrator"
    if not orchestrator.exists():
        raise shell.Failed("the orchestrator is not built; ci/quickstart builds it")
    tree = places.digest_of_tree([places.project / name for name in SOURCES])
    folder = places.logs / "packages" / f"{suite}-{tree}"
    with places.locked(folder):
        found = list(folder.glob("*/*_all.deb"))
        if not found:
            shell.run([str(orchestrator), "build", "--project", str(places.project), "--distro", f"debian:{suite}", "--format", "deb",
                       "--out", str(folder)], timeout=300)
            found = list(folder.glob("*/*_all.deb"))
    if len(found) != 1:
        raise shell.Failed(f"the orchestrator made {len(found)} packages in {folder}, and not one")
    places.keep_newest(places.logs / "packages", "*-*[0-9a-f]", 8)
    return Package(found[0], content(found[0]))
