# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that read an initramfs, and what they say of it, all in one form."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cpio
import image
import places
import shell
import verdict

# As `ls -l` has it; devices have two numbers in the place of a size.
LINE = re.compile(r"([-dlcbps][-rwxsStT]{9}) +(\d+) +(\S+) +(\S+) +(?:(\d+)|(\d+), *(\d+)) +(\w{3} +\d+ +[\d:]+) (.*)")
MAGICS = {b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dcq"]}


@dataclass(frozen=True)
class Entry:
    type: str
    mode: str  # four digits
    size: int | None  # None: of several names of one file archives have the size with the last alone
    target: str = ""


Listing = dict[str, Entry]


def _digits(permissions: str) -> str:
    mode = 0
    for index, letter in enumerate(permissions):
        if letter in "rwxst":
            mode |= 1 << (8 - index)
        if letter in "sStT":
            mode |= {2: 0o4000, 5: 0o2000, 8: 0o1000}[index]
    return f"{mode:04o}"


def parsed(text: str) -> Listing:
    """A listing like that of `ls -l`; other lines are passed over."""
    out: Listing = {}
    for line in text.splitlines():
        found = LINE.fullmatch(line)
        if not found:
            continue
        type_, links, size, name = found[1][0], int(found[2]), found[5], found[9]
        target = ""
        if type_ == "l":
            name, target = name.split(" -> ", 1)
        name = name.split(" link to ", 1)[0]  # bsdcpio, of a further name
        path = name.removeprefix("./").strip("/")
        if path in ("", "."):
            continue
        known = int(size) if size and type_ in "-l" and not (type_ == "-" and links > 1 and size == "0") else None
        out[path] = Entry(type_, _digits(found[1][1:]), known, target)
    return out


def ours(file: Path) -> Listing:
    listed = subprocess.run([str(verdict.program()), "inspect", "list", "--json", str(file)], check=True, capture_output=True)
    return {each["path"].strip("/"): Entry(each["type"], each["mode"], each["size"] if each["type"] in "-l" else None, each.get("target", ""))
            for each in json.loads(listed.stdout) if each["path"] != "/"}


def archives(file: Path) -> list[bytes]:
    """One archive after another, without their compression, by the compressors' own programs."""
    rest = file.read_bytes()
    out = []
    while rest:
        if rest.startswith(cpio.MAGIC):
            end = cpio.end_of_first(rest)
            out.append(rest[:end])
            rest = rest[end:]
            continue
        argv = next((argv for magic, argv in MAGICS.items() if rest.startswith(magic)), None)
        if argv is None:
            raise shell.Failed(f"{file} has {rest[:8].hex()} in it, which is nothing that is known")
        # What is compressed is the last of what dracut makes.
        rest = subprocess.run(argv, check=True, input=rest, capture_output=True).stdout
    return out


def _by(argv: list[str], all_of_them: list[bytes]) -> Listing:
    """By a program that reads one archive; of a name in two the later one counts."""
    out: Listing = {}
    for archive in all_of_them:
        listed = subprocess.run(argv, check=True, input=archive, capture_output=True, env={**os.environ, "LC_ALL": "C"})
        out.update(parsed(listed.stdout.decode(errors="surrogateescape")))
    return out


def by_cpio(all_of_them: list[bytes]) -> Listing:
    return _by(["cpio", "--list", "--verbose", "--quiet", "--numeric-uid-gid"], all_of_them)


def by_bsdcpio(all_of_them: list[bytes]) -> Listing:
    return _by(["bsdcpio", "-itvn", "--quiet"], all_of_them)


def in_root(tree: Path, argv: list[str], file: Path, log: Path) -> Listing:
    """By a program of a suite's root; the file is where this root has it."""
    return parsed(image.inside(tree, [*argv, f"/{file.relative_to(tree)}"], log).output)


def unlike(left: Listing, right: Listing) -> list[str]:
    """In what two listings differ, a line each."""
    lines = [f"only in the first: {path}" for path in sorted(left.keys() - right.keys())]
    lines += [f"only in the second: {path}" for path in sorted(right.keys() - left.keys())]
    for path in sorted(left.keys() & right.keys()):
        one, other = left[path], right[path]
        sizes = one.size == other.size or one.size is None or other.size is None
        if (one.type, one.mode, one.target) != (other.type, other.mode, other.target) or not sizes:
            lines.append(f"{path}: {one} and {other}")
    return lines


def tree(top: Path) -> dict[str, tuple[object, ...]]:
    """What lies below a folder: type and mode, owner, time, size and content, where a link leads. Devices are passed over."""
    out: dict[str, tuple[object, ...]] = {}
    for path in top.rglob("*"):
        status = path.lstat()
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            continue
        body: object = ""
        if stat.S_ISREG(status.st_mode):
            body = places.digest(path)
        elif stat.S_ISLNK(status.st_mode):
            body = os.readlink(path)
        # cpio sets no time of links, and loses that of a folder when it puts something in.
        when = int(status.st_mtime) if stat.S_ISREG(status.st_mode) else 0
        out[str(path.relative_to(top))] = (oct(status.st_mode), status.st_uid, status.st_gid, when, body)
    return out
