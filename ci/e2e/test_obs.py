# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the real obs-build build what OBS would get for this machine's own release of Debian: the recipe of its repository and the files beside
it, in a clean root that obs-build makes of packages from this machine's mirror. The package that comes out has to install the same files
as the one that orchestrator has proven.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import places
import shell

pytestmark = [pytest.mark.extended, pytest.mark.xdist_group("obs")]
ARCHIVE = ("build-essential", "debhelper", "fakeroot", "login", "mount", "passwd")
FIRST = ("login", "mount", "passwd")  # with what is essential: what has to be there before dpkg runs


@dataclass(frozen=True)
class Packages:
    proven: Path
    made: Path


def reckon(work: Path, *wanted: str) -> list[list[str]]:
    """What these and their dependencies are, by apt's own reckoning, for a root that holds nothing yet: an address and a file's name each.
    apt names no address of what it has fetched before: it is told of an empty store."""
    argv = ["apt-get", "-o", f"Dir::State::status={work}/nothing", "-o", f"Dir::Cache::archives={work}/archives", "-o", "Debug::NoLocking=1",
            "--print-uris", "-qq", "--no-install-recommends", "install", "?essential", *wanted]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise shell.Failed(f"apt-get: {done.stderr.strip()[-300:]}")
    return [line.replace("'", "").split()[:2] for line in done.stdout.splitlines()]


def fetch(addresses: list[str], folder: Path) -> None:
    """Twenty at a time, in four connections."""
    done = subprocess.run(["xargs", "-n", "20", "-P", "4", "curl", "--fail", "--silent", "--show-error", "--remote-name-all"],
                          input="\n".join(addresses), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise shell.Failed(f"the mirror did not give all of them: {done.stderr.strip()[-300:]}")


def orchestrator() -> Path:
    file = Path(os.environ.get("ORCHESTRATOR", places.build / "orchestrator/orchestrator"))
    if not os.access(file, os.X_OK):
        raise shell.Failed(f"{file} is not built")
    return file


def proven_by_orchestrator(work: Path, release: str) -> Path:
    """The folder of what OBS would get."""
    shell.run([str(orchestrator()), "build", "--project", str(places.project), "--package", "module", "--distro", f"debian:{release}",
               "--out", str(work / "dist"), "--packager", "A Packager <packager@example.org>"], timeout=300)
    return work / f"dist/debian-{release}"


def build(work: Path, proven: Path, recipe: str) -> Path:
    """What obs-build makes of it."""
    for name in ("source", "packages", "archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "nothing").touch()
    shutil.copy(only(proven.glob("*.dsc"), "recipe"), work / "source" / recipe)
    for pattern in ("*.orig.tar.gz", "*.debian.tar.xz"):
        shutil.copy(only(proven.glob(pattern), pattern), work / "source")
    fetch([address for address, _ in reckon(work, *ARCHIVE)], work / "packages")
    first = sorted({name.split("_")[0] for _, name in reckon(work, *FIRST)})
    if len(first) <= 20:
        raise shell.Failed("apt-get says of almost nothing that it is essential")
    (work / "dist.conf").write_text("".join(["Type: dsc\nRepotype: debian\nBinarytype: deb\nRunscripts: base-passwd base-files passwd\n",
                                             *(f"Preinstall: {name}\n" for name in first), "Required: build-essential fakeroot perl debhelper\n"]))
    arch = shell.run(["dpkg", "--print-architecture"]).output.strip()
    # BUILD_DIR is ours, and obs-build takes it for the folder of its own scripts.
    shell.run(["env", f"--chdir={work}/source", "-u", "BUILD_DIR", "obs-build", "--root", str(work / "root"), "--dist", str(work / "dist.conf"),
               "--rpms", str(work / "packages"), "--arch", arch, str(work / "source" / recipe)], timeout=1500, log=work / "log")
    found = [file for folder in ("usr/src/packages/DEBS", ".build.packages/DEBS") for file in (work / "root" / folder).glob("dracut-sshd_*_all.deb")]
    if not found:
        raise shell.Failed("obs-build made no package")
    return found[0]


def only(found: Iterator[Path], what: str) -> Path:
    files = list(found)
    if len(files) != 1:
        raise shell.Failed(f"expected one {what}, found {len(files)}")
    return files[0]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """What obs-build has mounted below its root goes before the root does."""
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-obs."))
    try:
        yield work
    finally:
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        below = sorted((place for place in mounted if place.startswith(f"{work}/")), reverse=True)
        if not below or subprocess.run(["umount", "-l", *below], check=False).returncode == 0:
            subprocess.run(["rm", "-rf", "--one-file-system", "--", str(work)], check=False)


@pytest.fixture(scope="module")
def packages() -> Iterator[Packages]:
    if shutil.which("obs-build") is None:
        raise shell.Skipped("obs-build is not installed (ci/deps test)")
    release = platform.freedesktop_os_release().get("VERSION_ID", "")
    with scratch() as work:
        proven = proven_by_orchestrator(work, release)
        made = build(work, proven, f"dracut-sshd-Debian_{release}.dsc")
        yield Packages(only(proven.glob("*.deb"), "package"), made)


def files(package: Path) -> list[list[str]]:
    """Modes, owners, sizes, names, and where links lead; no times."""
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "--list", "--verbose", "--numeric-owner"], input=tar, capture_output=True, check=True).stdout.decode()
    return sorted([words[:3] + words[5:] for words in map(str.split, listed.splitlines())], key=lambda words: words[3:])


def test_installs_the_same_files(packages: Packages) -> None:
    assert files(packages.made) == files(packages.proven)


def test_says_the_same_of_itself(packages: Packages) -> None:
    said = [shell.run(["dpkg-deb", "--field", str(file), "Package", "Version", "Depends"]).output for file in (packages.made, packages.proven)]
    assert said[0] == said[1]
