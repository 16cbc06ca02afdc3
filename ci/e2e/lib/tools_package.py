# SPDX-License-Identifier: GPL-3.0-or-later
"""The source package of dracut-sshd-tools, as the orchestrator makes it for a release, and what an installation of it has to hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import places
import shell

NAME = "dracut-sshd-tools"
PACKAGER = "A Packager <packager@example.org>"
# Manual pages may be compressed, and so have a further suffix.
INSTALLED = ("usr/bin/dracut-sshd", "usr/share/man/man1/dracut-sshd.1", "usr/share/man/man5/dracut-sshd-hosts.5",
             "usr/share/bash-completion/completions/dracut-sshd", "usr/share/dracut-sshd-tools/unlock-host")


@dataclass(frozen=True)
class Source:
    release: str  # "debian:13"
    folder: Path  # what the orchestrator has proven, a folder of dist/
    version: str
    log: Path

    def only(self, pattern: str) -> Path:
        found = sorted(self.folder.glob(pattern))
        if len(found) != 1:
            raise shell.Failed(f"{self.folder} holds {len(found)} files {pattern}, and not one")
        return found[0]


def make(release: str, work: Path) -> Source:
    """Made and proven by the orchestrator, in work/dist; the log of what is then done with it is kept in the build folder."""
    orchestrator = places.build / "orchestrator/orchestrator"
    if not orchestrator.exists():
        raise shell.Failed("the orchestrator is not built; ci/quickstart builds it")
    places.logs.mkdir(parents=True, exist_ok=True)
    log = places.logs / f"tools-{release.replace(':', '-')}.log"
    log.unlink(missing_ok=True)
    shell.run([str(orchestrator), "build", "--project", str(places.project), "--package", "tools", "--distro", release, "--out",
               str(work / "dist"), "--packager", PACKAGER, "--tools", str(places.build / "portage/bin")], timeout=300, log=log)
    folders = [path for path in (work / "dist").iterdir() if not path.name.startswith(".")]
    if len(folders) != 1:
        raise shell.Failed(f"the orchestrator made {len(folders)} folders for {release}, and not one")
    program = shell.run([str(places.build / "orchestrator/dracut-sshd"), "--version"])
    return Source(release, folders[0], program.output.split()[-1], log)


def memory(name: str) -> Path:
    """Where compilations are remembered: a release's own compiler's, or this machine's for all that is played here."""
    folder = places.cache / f"tools-ccache-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def look_for(folder: Path, zsh: str) -> None:
    """Every file is where users look for it."""
    for path in (*INSTALLED, f"usr/share/zsh/{zsh}/_dracut-sshd"):
        if not any((folder / path).parent.glob(Path(path).name + "*")):
            raise shell.Failed(f"/{path} is not installed")


def look(folder: Path, source: Source, zsh: str) -> None:
    """The same, and the program starts on this machine."""
    look_for(folder, zsh)
    said = shell.run([str(folder / INSTALLED[0]), "--version"]).output.strip()
    if said != f"dracut-sshd {source.version}":
        raise shell.Failed(f"dracut-sshd --version says {said!r}")
