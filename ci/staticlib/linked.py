# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the root's packages have a part in a program: the linker's map says what was linked in, ninja which headers were read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

import shell
from clean_root import CleanRoot

# By the package's name, the licence of what it has in the program. Each was read in the package's copyright file; a package that none of
# these fits stops the build.
LICENCES = (
    (r"libc6-dev(-.*)?", "LGPL-2.1-or-later"),
    (r"lib(stdc\+\+|gcc)-\d+-dev(-.*)?", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    (r"linux-libc-dev(-.*)?", "GPL-2.0-only WITH Linux-syscall-note"),
    (r"libssl-dev", "Apache-2.0"),
    (r"zlib1g-dev", "Zlib"),
    (r"libbz2-dev", "bzip2-1.0.6"),
    (r"liblzma-dev", "LicenseRef-liblzma"),
    (r"liblz4-dev", "BSD-2-Clause"),
    (r"libzstd-dev", "BSD-3-Clause OR GPL-2.0-only"),
    (r"libxxhash-dev", "BSD-2-Clause"),
    (r"libfmt-dev", "MIT"),
    (r"nlohmann-json3-dev", "MIT"),
    (r"libcli11-dev", "BSD-3-Clause"),
    (r"libtomlplusplus-dev", "MIT"),
)
# SPDX has no name for these.
EXTRACTED = {"LicenseRef-liblzma": "liblzma is in the public domain (version 5.4 and before), or under the BSD Zero Clause License (0BSD, "
                                   "since 5.6); see the copyright file of xz-utils."}


@dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    architecture: str
    sources: tuple[tuple[str, str], ...]  # name and version, its own first; then what that was built with
    linked: bool  # not only its headers

    @property
    def licence(self) -> str:
        for pattern, licence in LICENCES:
            if re.fullmatch(pattern, self.name):
                return licence
        raise shell.Failed(f"{self.name} {self.version} has a part in the program, and its licence is not known: read "
                           f"/usr/share/doc/{self.name}/copyright, and add a line to LICENCES in ci/staticlib/linked.py")


def linked_files(link_map: str) -> set[str]:
    """The root's own files from which the linker took something, by its map."""
    head = re.search(r"^Archive member included to satisfy reference by file \(symbol\)\n(.*?)^(?:Discarded input sections|Memory Configuration)",
                     link_map, re.MULTILINE | re.DOTALL)
    if not head:
        raise shell.Failed("the linker's map has no list of members of archives")
    found = re.findall(r"^(/usr/\S+\.a)\(\S+\)", head[1], re.MULTILINE)
    found += re.findall(r"^LOAD (/usr/\S+\.o)$", link_map, re.MULTILINE)
    return {os.path.normpath(path) for path in found}


def headers(ninja_deps: str) -> set[str]:
    """What `ninja -t deps` says was read, outside of the source."""
    return {os.path.normpath(path) for path in re.findall(r"^    (/usr/\S+)$", ninja_deps, re.MULTILINE)}


def packages(root: CleanRoot, architecture: str, linked: Iterable[str], read: Iterable[str]) -> list[Package]:
    """The packages that these files belong to; of several, as a header may, to that of the architecture."""
    linked_in = _owners(root, architecture, linked)
    only_headers = _owners(root, architecture, read) - linked_in
    wanted = sorted(linked_in | only_headers)
    form = "${binary:Package}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}|${Built-Using}\\n"
    said = root.run(f"dpkg-query --show --showformat='{form}' {' '.join(wanted)}", timeout=60).output
    out = []
    for line in said.splitlines():
        whole, name, version, of, source, source_version, using = line.split("|")
        sources = [(source, source_version), *re.findall(r"(\S+) \(= (\S+)\)", using)]
        out.append(Package(name, version, of, tuple(sources), whole in linked_in))
    return sorted(out)


def _owners(root: CleanRoot, architecture: str, files: Iterable[str]) -> set[str]:
    """dpkg knows a file by the path that its package has, which for a library may lack /usr."""
    asked = sorted(files)
    if not asked:
        return set()
    words = " ".join(f"'{path}' '{path.removeprefix('/usr')}'" for path in asked)
    said = root.run(f"dpkg-query --search {words} 2>/dev/null || true", timeout=120).output
    owners = {}
    for names, path in re.findall(r"^(\S+(?:, \S+)*): (/\S+)$", said, re.MULTILINE):
        each = names.split(", ")
        owners[path] = next((name for name in each if name.endswith(f":{architecture}")), each[0])
    lost = [path for path in asked if path not in owners and path.removeprefix("/usr") not in owners]
    if lost:
        raise shell.Failed(f"no package of the root has {', '.join(lost[:5])}")
    return {owners.get(path) or owners[path.removeprefix("/usr")] for path in asked}
