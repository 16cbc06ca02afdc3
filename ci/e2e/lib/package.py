# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's package that goes into a root: made by the real orchestrator, once for each release and content of the tree.

Another format's payload goes in too, without its package manager, to see that what is in it boots."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import places
import shell

# What a package is made of.
SOURCES = ("module", "spec", "debian", "ebuild", "pkgbuild", "distros", "project.json", "CHANGELOG.md", "LICENSES")
# What a payload is called by, and what the orchestrator leaves of it. Portage leaves no package, but a folder, if it is kept.
LEFT = {".deb": "*/*_all.deb", "rpm": "*/*.noarch.rpm", "pkgbuild": "*/*-any.pkg.tar.*", "ebuild": ".work/*/build/reading/image.tar"}


@dataclass(frozen=True)
class Package:
    file: Path  # a .deb, or a tar of another format's files
    id: str

    @property
    def is_deb(self) -> bool:
        return self.file.suffix == ".deb"


def content(data: bytes) -> str:
    """A name for what a tar brings: paths, modes and contents, without times."""
    parts: list[object] = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in sorted(archive.getmembers(), key=lambda entry: entry.name):
            if member.name.removeprefix("./").startswith("usr/share/"):
                continue  # manuals do not boot
            body = archive.extractfile(member) if member.isfile() else None
            parts += [member.name, member.mode, member.linkname, body.read() if body else b""]
    return places.digest(*parts)


def _payload(file: Path) -> bytes:
    if file.suffix == ".deb":
        return subprocess.run(["dpkg-deb", "--fsys-tarfile", str(file)], check=True, capture_output=True).stdout
    return file.read_bytes()


def get(suite: str, given: Path | None, payload: tuple[str, str] | tuple[()] = ()) -> Package:
    """payload: another release and its format, as ("fedora:44", "rpm")."""
    if given is not None and not payload:
        return Package(given, content(_payload(given)))
    orchestrator = places.build / "orchestrator/orchestrator"
    if not orchestrator.exists():
        raise shell.Failed("the orchestrator is not built; ci/quickstart builds it")
    release, form = payload or (f"debian:{suite}", ".deb")
    if form == "ebuild" and not (places.build / "portage/bin/ebuild").exists():
        raise shell.Skipped("portage is not installed; ci/deps installs it")
    tree = places.digest_of_tree([places.project / name for name in SOURCES])
    folder = places.logs / "packages" / f"{release.replace(':', '-')}-{tree}"
    with places.locked(folder):
        if not list(folder.glob(LEFT[form])):
            shell.run([str(orchestrator), "build", "--project", str(places.project), "--package", "module", "--distro", release, "--keep-work", "--out",
                       str(folder), "--tools", str(places.build / "portage/bin")], timeout=300)
        found = list(folder.glob(LEFT[form]))
        if len(found) != 1:
            raise shell.Failed(f"the orchestrator made {len(found)} packages in {folder}, and not one")
        file = found[0] if form == ".deb" else _unpacked(found[0], folder / "payload.tar")
    places.keep_newest(places.logs / "packages", "*-*[0-9a-f]", 8)
    return Package(file, content(_payload(file)))


def _unpacked(package: Path, tar: Path) -> Path:
    """The package's files alone, as one tar; libarchive reads all of them."""
    if not tar.exists():
        part = tar.with_suffix(".part")
        shell.run(["bsdtar", "--create", "--format=pax", f"--file={part}", "--exclude=.[A-Z]*", f"@{package}"])
        part.rename(tar)
    return tar
