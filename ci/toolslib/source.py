# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package is made of: its name and version, the tarball, and the recipes' templates in orchestrator/package.

A template knows @NAME@ and nothing else, and @@ for an @, as in the templates of the dracut module's package."""

from __future__ import annotations

import calendar
import email.utils
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import textwrap
import time
import xml.sax.saxutils
from dataclasses import dataclass
from pathlib import Path

import places
import shell

FOLDER = places.project / "orchestrator/package"
# What the tarball holds: enough for -DORCHESTRATOR=OFF -DBUILD_TESTING=OFF.
PARTS = ("CMakeLists.txt", "CHANGELOG.md", "LICENSES/GPL-3.0-or-later.txt", "orchestrator")
LEFT_OUT = {"orchestrator/package", "orchestrator/tests"}
NO_NAME = "dracut-sshd packager <packager@dracut-sshd.invalid>"


@dataclass(frozen=True)
class Entry:
    version: str
    day: str
    items: tuple[str, ...]

    @property
    def epoch(self) -> int:
        return calendar.timegm(time.strptime(self.day, "%Y-%m-%d"))


@dataclass(frozen=True)
class Package:
    name: str
    summary: str
    description: tuple[str, ...]
    revision: int
    url: str
    packager: str
    entries: tuple[Entry, ...]
    tarball: bytes

    @property
    def version(self) -> str:
        return self.entries[0].version

    @property
    def epoch(self) -> int:
        return self.entries[0].epoch

    @property
    def tarball_name(self) -> str:
        return f"{self.name}-{self.version}.tar.gz"


def read(packager: str) -> Package:
    own = json.loads((FOLDER / "project.json").read_text())
    url = json.loads((places.project / "project.json").read_text())["url"]
    entries = tuple(_entries((places.project / "CHANGELOG.md").read_text()))
    if not re.fullmatch(r"[^<>\"\\$`@\n]+ <[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+>", packager):
        raise shell.Failed(f'the packager is "Name <mail>" without double quotes and the like, not "{packager}"')
    return Package(own["name"], own["summary"], tuple(own["description"]), own["revision"], url, packager, entries,
                   _tarball(f"{own['name']}-{entries[0].version}", entries[0].epoch))


def packager() -> str:
    """Who packages, as the orchestrator finds it: the environment, else git, else nobody."""
    if os.environ.get("DEBFULLNAME") and os.environ.get("DEBEMAIL"):
        return f"{os.environ['DEBFULLNAME']} <{os.environ['DEBEMAIL']}>"
    said = []
    for key in ("user.name", "user.email"):
        try:
            git = subprocess.run(["git", "-C", places.project, "config", key], capture_output=True, text=True)
        except FileNotFoundError:
            return NO_NAME
        said.append(git.stdout.strip())
    return f"{said[0]} <{said[1]}>" if all(said) else NO_NAME


def _entries(text: str) -> list[Entry]:
    out = []
    for block in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        found = re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", head)
        if not found:
            raise shell.Failed(f'CHANGELOG.md: "{head}" is not "VERSION - YEAR-MONTH-DAY"')
        items = tuple(" ".join(item.split()) for item in re.split(r"^- ", body, flags=re.MULTILINE)[1:])
        out.append(Entry(found[1], found[2], items))
    if not out:
        raise shell.Failed("CHANGELOG.md has no entry")
    return out


def _files() -> list[Path]:
    out = []
    for part in PARTS:
        top = places.project / part
        for path in [top] if top.is_file() else top.rglob("*"):
            within = path.relative_to(places.project)
            hidden = any(piece.startswith(".") or piece.endswith("~") or piece == "__pycache__" for piece in within.parts)
            if path.is_file() and not path.is_symlink() and not hidden and "/".join(within.parts[:2]) not in LEFT_OUT:
                out.append(path)
    return sorted(out, key=lambda path: str(path.relative_to(places.project)))


def _tarball(top: str, epoch: int) -> bytes:
    """Sorted, owned by 0:0, all of the changelog's day: the same tree gives the same bytes (of the tar; gzip's are the library's)."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in _files():
            member = tarfile.TarInfo(f"{top}/{path.relative_to(places.project)}")
            data = path.read_bytes()
            member.size, member.mtime = len(data), epoch
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(tar.getvalue(), 9, mtime=0)


def _wrapped(text: str, first: str, rest: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def changelog_rpm(package: Package) -> str:
    out = []
    for entry in package.entries:
        day = time.strftime("%a %b %d %Y", time.gmtime(entry.epoch))
        lines = [f"* {day} {package.packager} - {entry.version}-{package.revision}"]
        lines += [_wrapped(item, "- ", "  ", 79) for item in entry.items]
        out.append("\n".join(lines).replace("%", "%%"))
    return "\n\n".join(out)


def changelog_deb(package: Package, suffix: str, series: str) -> str:
    out = []
    for entry in package.entries:
        lines = [f"{package.name} ({entry.version}-{package.revision}{suffix}) {series}; urgency=medium", ""]
        lines += [_wrapped(item, "  * ", "    ", 79) for item in entry.items]
        lines += ["", f" -- {package.packager}  {email.utils.formatdate(entry.epoch)[:-5]}+0000", ""]
        out.append("\n".join(lines))
    return "\n".join(out)


def values(package: Package) -> dict[str, str]:
    name, _, mail = package.packager.rstrip(">").partition(" <")
    text = "\n".join(package.description)
    escaped = xml.sax.saxutils.escape
    return {
        "NAME": package.name, "VERSION": package.version, "REVISION": str(package.revision), "URL": package.url,
        "SUMMARY": package.summary, "SUMMARY_LOWER": package.summary[0].lower() + package.summary[1:],
        "PACKAGER": package.packager, "PACKAGER_NAME": escaped(name), "PACKAGER_MAIL": escaped(mail),
        "YEARS": _years(package), "DIGEST": hashlib.sha256(package.tarball).hexdigest(),
        "DESCRIPTION_DEB": "\n".join(" " + (line or ".") for line in package.description),
        "DESCRIPTION_RPM": text.replace("%", "%%"),
        "DESCRIPTION_XML": "\n".join(("\t\t" + escaped(line)).rstrip() for line in package.description),
        "CHANGELOG_RPM": changelog_rpm(package),
    }


def _years(package: Package) -> str:
    first, last = package.entries[-1].day[:4], package.entries[0].day[:4]
    return first if first == last else f"{first}-{last}"


def filled(template: Path, known: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[0] == "@@":
            return "@"
        if found[1] not in known:
            raise shell.Failed(f"{template.relative_to(places.project)}: nothing is known of {found[0]}")
        return known[found[1]]

    return re.sub(r"@([A-Z_]*)@", value, template.read_text())


def fill_tree(folder: Path, known: dict[str, str], to: Path, executable: tuple[str, ...] = ()) -> None:
    for template in sorted(folder.rglob("*")):
        if template.is_file():
            path = to / template.relative_to(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(template, known))
            path.chmod(0o755 if path.name in executable else 0o644)
