# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball of one architecture: the program, and what has to be beside it when it is handed on."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

import building
import linked
import places
import roots
import shell
import source
import spdx
from clean_root import CleanRoot

ARCHIVE = "https://snapshot.debian.org/package"  # keeps every version of every source package
FILES = {
    "man/dracut-sshd.1": "orchestrator/man/dracut-sshd.1",
    "man/dracut-sshd-hosts.5": "orchestrator/man/dracut-sshd-hosts.5",
    "units/dracut-sshd-watch.service": "orchestrator/units/dracut-sshd-watch.service",
    "completions/bash/dracut-sshd": "orchestrator/completions/dracut-sshd.bash",
    "completions/zsh/_dracut-sshd": "orchestrator/completions/_dracut-sshd",
    "desk/unlock-host": "orchestrator/desk/unlock-host",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE": "LICENSES/GPL-3.0-or-later.txt",
    "Makefile": "module/Makefile",
    "install-files": "module/install-files",
}
INSTALL_LIST = "orchestrator/prebuilt.list"
LICENCES = "LICENSES-third-party"


def tarball(root: CleanRoot, program: building.Program, what: source.Source, tree: Path) -> bytes:
    """Fills `tree`, an empty folder, and packs it."""
    for name, path in FILES.items():
        _copy(places.project / path, tree / name, 0o755 if name == "desk/unlock-host" else 0o644)
    _copy(program.file, tree / "bin/dracut-sshd", 0o755)
    _licences(root, program.packages, tree / LICENCES)
    (tree / "sbom.spdx.json").write_text(_materials(program, what))
    (tree / "BUILT.md").write_text(_built(program, what))
    (tree / "install.list").write_text(_install_list(tree))
    top = f"{_package_name()}-{what.version}"
    files = ((f"{top}/{path.relative_to(tree)}", path) for path in tree.rglob("*") if path.is_file())
    # By the root's gzip: another zlib would give other bytes.
    plain = root.folder / "build/bundle.tar"
    plain.write_bytes(source.packed(files, what.epoch))
    root.run("gzip --best --no-name --force /build/bundle.tar", timeout=120)
    return plain.with_name("bundle.tar.gz").read_bytes()


def sources(tarballs: Iterable[Path]) -> list[tuple[str, str]]:
    """Every source package that a part of these tarballs was made from, by their bills of materials: name and version."""
    found = set()
    for path in tarballs:
        with tarfile.open(path) as archive:
            name = next((each for each in archive.getnames() if each.endswith("/sbom.spdx.json")), None)
            member = archive.extractfile(name) if name else None
            if member is None:
                raise shell.Failed(f"{path} has no sbom.spdx.json")
            bill = json.loads(member.read())
        found |= {(each["name"], each["versionInfo"]) for each in bill["packages"] if each["primaryPackagePurpose"] == "SOURCE"
                  and each["downloadLocation"].startswith(ARCHIVE)}
    return sorted(found)


def _package_name() -> str:
    """What the orchestrator calls the package that it makes of the tarball."""
    packages = json.loads((places.project / "project.json").read_text())["packages"]
    return str(next(each["name"] for each in packages if each["making"] == "prebuilt"))


def _install_list(tree: Path) -> str:
    """What a package installs, by the Makefile: the list of the project, and the licences, which are other ones each time."""
    lines = [f"doc 0644 {LICENCES}/{path.name} @DOCDIR@/{LICENCES}/{path.name}\n" for path in sorted((tree / LICENCES).iterdir())]
    return (places.project / INSTALL_LIST).read_text() + "".join(lines)


def _copy(path: Path, to: Path, mode: int) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, to)
    to.chmod(mode)


def _licences(root: CleanRoot, packages: Iterable[linked.Package], to: Path) -> None:
    """The packages' copyright files, by the names of their sources, and the texts that they refer to."""
    to.mkdir(parents=True)
    common: set[str] = set()
    for package in packages:
        # The folder may be a link to another package's.
        text = root.run(f"cat /usr/share/doc/{package.name}/copyright", timeout=30).output
        file = to / f"{package.sources[0][0]}.copyright"
        if file.exists() and file.read_text() != text:
            file = to / f"{package.name}.copyright"
        file.write_text(text)
        common |= set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])", text))
    for name in sorted(common):
        text = root.run(f"cat /usr/share/common-licenses/{name}", timeout=30).output
        (to / f"{name}.txt").write_text(text)


def _materials(program: building.Program, what: source.Source) -> str:
    def package(kind: str, name: str, version: str, licence: str, **more: object) -> dict[str, object]:
        return {"SPDXID": spdx.identifier(kind, f"{name} {version} {more.get('packageFileName', '')}"), "name": name, "versionInfo": version,
                "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION", **more}

    def from_debian(name: str, version: str, architecture: str) -> dict[str, object]:
        distro = f"debian-{building.SUITE}"
        address = f"pkg:deb/debian/{_quoted(name)}@{_quoted(version)}?arch={architecture}&distro={distro}"
        return {"supplier": "Organization: Debian", "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": address}]}

    own = json.loads((places.project / "project.json").read_text())
    made = package("Program", "dracut-sshd", what.version, "GPL-3.0-or-later", packageFileName="bin/dracut-sshd",
                   downloadLocation="NOASSERTION", primaryPackagePurpose="APPLICATION", homepage=own["url"],
                   checksums=spdx.checksums(program.file.read_bytes(), "sha256"),
                   comment=f"statically linked for {program.target.name}")
    mine = package("Source", what.top, what.version, "GPL-3.0-or-later", packageFileName=f"{what.top}.tar",
                   downloadLocation="NOASSERTION", primaryPackagePurpose="SOURCE",
                   checksums=spdx.checksums(what.tar, "sha256"))
    out, relations = [made, mine], [spdx.relation(made, "GENERATED_FROM", mine)]
    known: dict[tuple[str, str], dict[str, object]] = {}
    for part in program.packages:
        each = package("Package", part.name, part.version, part.licence, downloadLocation=address(*part.sources[0]),
                       primaryPackagePurpose="LIBRARY", sourceInfo="built from " + ", ".join(" ".join(one) for one in part.sources),
                       **from_debian(part.name, part.version, part.architecture))
        out.append(each)
        relations.append(spdx.relation(made, "STATIC_LINK" if part.linked else "CONTAINS", each))
        for name, version in part.sources:
            if (name, version) not in known:
                known[name, version] = package("Source", name, version, "NOASSERTION", downloadLocation=address(name, version),
                                               primaryPackagePurpose="SOURCE", **from_debian(name, version, "source"))
            relations.append(spdx.relation(each, "GENERATED_FROM", known[name, version]))
    out += [known[key] for key in sorted(known)]
    licences = [{"licenseId": name, "extractedText": text} for name, text in linked.EXTRACTED.items()
                if any(part.licence == name for part in program.packages)]
    return spdx.document(f"{what.top}-{program.target.name}", what.day, "dracut-sshd-ci-static-program", out, [], relations,
                         **({"hasExtractedLicensingInfos": licences} if licences else {}))


def address(name: str, version: str) -> str:
    """Where the source package's files are, of whichever age."""
    return f"{ARCHIVE}/{_quoted(name)}/{_quoted(version)}/"


def _quoted(word: str) -> str:
    return urllib.parse.quote(word, safe="")


def _built(program: building.Program, what: source.Source) -> str:
    parts = "\n".join(f"| {part.name} {part.version} | {'linked in' if part.linked else 'headers'} | {part.licence} | "
                      + ", ".join(f"[{name} {version}]({address(name, version)})" for name, version in part.sources) + " |"
                      for part in program.packages)
    return f"""# dracut-sshd {what.version}, statically linked for {program.target.name}

`bin/dracut-sshd` needs no shared library, and no file of the system that it runs on. It is a position-independent executable: all
addresses are resolved when it starts, and then read-only. `sbom.spdx.json` has its digest.

## How it was built

By `ci/static-program` of the source, in a clean root of Debian {building.SUITE} ({roots.NAMES[building.SUITE]}), without a network:

    {program.command}
    cmake --build /build/{program.target.name} --target dracut-sshd

with {', '.join(program.tools)}. The same source and the same versions give the same bytes.

## What it consists of

The program itself is free software under the GNU General Public License, version 3 or later (`LICENSE`), and contains parts of these
packages of Debian. Their copyright files, and the licences that they refer to, are in `LICENSES-third-party`.

| package | part | licence | source package |
|---|---|---|---|
{parts}

## The corresponding source

Of the program: `{what.top}.tar`, the tarball that it was built from. Of the libraries: the source packages above, each with Debian's
changes. Whoever hands the program on offers all of them: `ci/static-program --sources FOLDER` fetches them into a folder, and Debian's
archive of snapshots, to which the table links, keeps them.
"""
