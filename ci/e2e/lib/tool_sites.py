# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites with the static program beside the module's package, for the tests that install both."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import places
import shell
import sites

ID = "static"  # of project.json's packages
KINDS = {"module": ["--package", "module"], "both": ["--package", "module", "--package", ID]}


class ToolSites(sites.Sites):
    """"module": a site as it was before there were tools. "both": the same site, a publication later."""

    def _project(self, version: str) -> Path:
        del version
        copy = self.work / "project"
        if not copy.exists():
            copy.mkdir()
            for name in sites.SOURCES:
                source = places.project / name
                if source.is_dir():
                    shutil.copytree(source, copy / name, symlinks=True)
                else:
                    shutil.copy2(source, copy / name)
            self._put_program(copy / "build/static")
        return copy

    @staticmethod
    def _put_program(to: Path) -> None:
        """For this machine's architecture and for the other one."""
        made = places.build / "static"
        done = subprocess.run([places.project / "ci/static-program", "--out", made, "--if-changed", "--ccache"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=3000)
        if done.returncode == 77:
            raise shell.Skipped(done.stdout.strip().removeprefix("SKIPPED: "))
        if done.returncode != 0:
            raise shell.Failed(done.stderr)
        to.mkdir(parents=True)
        for tarball in made.glob("dracut-sshd-static-*.tar.gz"):
            shutil.copy2(tarball, to)

    def _words(self, kind: str) -> list[str]:
        """The distributions, and the packages that the site has."""
        return [*KINDS[kind], *self.distributions[2:]]

    def packages(self, version: str) -> Path:
        out = self.work / "packages"
        self._orchestrator("build", "--project", str(self._project(version)), *self._words(version), "--out", str(out), "--packager",
                           sites.PACKAGER, "--tools", str(places.build / "portage/bin"))
        return out

    def site(self, kind: str) -> Path:
        to = self.work / "sites" / kind
        if to.exists():
            return to
        if kind == "both":
            shutil.copytree(self.site("module"), to, symlinks=True)
        to.parent.mkdir(exist_ok=True)
        self._orchestrator("publish", "--allow-placeholders", "--project", str(self._project(kind)), *self._words(kind), "--from",
                           str(self.packages(kind)), "--packager", sites.PACKAGER, "--to", str(to), "--sign", self.key("trusted"), "--url",
                           self.url, "--tools", str(places.build / "portage/bin"))
        return to
