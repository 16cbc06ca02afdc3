# SPDX-License-Identifier: GPL-3.0-or-later
"""The sites to install from, each made once, by the orchestrator, when somebody asks for it. They have the module's package."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import places
import shell

PACKAGER = "A Packager <a@example.org>"
PACKAGE = "module"
LIFE = 30  # seconds that the key lives which is to expire; its site has to be signed before that
MARK = "of the second version"
SOURCES = ("project.json", "CHANGELOG.md", "LICENSES", "module", "distros", "spec", "debian", "ebuild", "pkgbuild")
# site: what it is made of, in this order, and the key that signs it
KINDS = {"old": (["first"], "trusted"), "new": (["first", "second"], "trusted"), "other": (["first", "second"], "other"),
         "expired": (["second"], "expiring")}


def numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


class Sites:
    def __init__(self, work: Path, url: str, distributions: list[str]) -> None:
        self.work, self.url = work, url
        self.distributions = ["--package", PACKAGE, *(word for one in dict.fromkeys(distributions) for word in ("--distro", one))]
        packages = json.loads((places.project / "project.json").read_text())["packages"]
        self.package = next(str(each["name"]) for each in packages if each["id"] == PACKAGE)
        self._keys: dict[str, str] = {}
        self._next = ""
        self.expires = 0.0

    def gpg_home(self, key: str) -> Path:
        return self.work / "keys" / key

    def run(self, argv: list[str], key: str = "trusted", timeout: float = 120) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.work / "home"), "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp",
               "GNUPGHOME": str(self.gpg_home(key))}
        return shell.run(argv, env=env, timeout=timeout).output

    def _orchestrator(self, *argv: str, key: str = "trusted") -> str:
        return self.run([str(places.build / "orchestrator" / "orchestrator"), *argv], key)

    def key(self, name: str) -> str:
        if name not in self._keys:
            self.gpg_home(name).mkdir(mode=0o700, parents=True)
            if name == "expiring":
                # Nothing but a short life makes it another kind of key than the others.
                self.run(["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", PACKAGER,
                          "rsa2048", "sign", f"seconds={LIFE}"], name)
                self.expires = time.time() + LIFE + 1
            else:
                self._orchestrator("key", "new", "--user", PACKAGER, "--no-passphrase", key=name)
            listing = self.run(["gpg", "--batch", "--with-colons", "--list-secret-keys"], name)
            self._keys[name] = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
        return self._keys[name]

    def _project(self, version: str) -> Path:
        """The project as it is; or a copy with one more version of the same day (a later one's index would not be valid yet)."""
        if version == "first":
            return places.project
        copy = self.work / "project"
        if not copy.exists():
            copy.mkdir()
            for name in SOURCES:
                source = places.project / name
                if source.is_dir():
                    shutil.copytree(source, copy / name, symlinks=True)
                else:
                    shutil.copy2(source, copy / name)
            changes = copy / "CHANGELOG.md"
            text = changes.read_text()
            newest = re.search(r"^## (\d+\.\d+\.)(\d+)( - .*)$", text, re.MULTILINE)
            if newest is None:
                raise shell.Failed(f"{changes} has no version")
            entry = f"## {newest[1]}{int(newest[2]) + 1}{newest[3]}\n\n- A second version.\n\n"
            changes.write_text(text[:newest.start()] + entry + text[newest.start():])
            with (copy / "module/46sshd/motd").open("a") as motd:
                motd.write(f"{MARK}\n")
        return copy

    def packages(self, version: str) -> Path:
        out = self.work / "packages" / version
        if not out.exists():
            self._orchestrator("build", "--project", str(self._project(version)), *self.distributions, "--out", str(out),
                               "--packager", PACKAGER, "--tools", str(places.build / "portage" / "bin"))
        return out

    def site(self, kind: str) -> Path:
        to = self.work / "sites" / kind
        if not to.exists() and kind not in KINDS:
            return self._roll_over(kind)
        if not to.exists():
            versions, key = KINDS[kind]
            built = [(version, self.packages(version)) for version in versions]
            fingerprint = self.key(key)
            (self.work / "sites").mkdir(exist_ok=True)
            for version, packages in built:
                self._orchestrator("publish", "--allow-placeholders", "--project", str(self._project(version)), *self.distributions, "--from", str(packages),
                                   "--packager", PACKAGER, "--to", str(to), "--sign", fingerprint, "--url", self.url, "--keep", "2",
                                   "--tools", str(places.build / "portage" / "bin"),
                                   key=key)
        return to

    def _successor(self) -> str:
        """The key that comes after the trusted one, in the same GnuPG."""
        if not self._next:
            self.key("trusted")
            said = self._orchestrator("key", "new", "--user", "A Packager's next key <a@example.org>", "--no-passphrase")
            self._next = next(line for line in said.splitlines() if re.fullmatch("[0-9A-F]{40}", line))
        return self._next

    def _roll_over(self, kind: str) -> Path:
        """The states of the site "old" whose key is replaced."""
        to = self.work / "sites" / kind
        before, version, home = {"announced": ("old", "first", "trusted"), "rolled": ("announced", "second", "trusted"),
                                 "revoked": ("old", "second", "revoked")}[kind]
        successor = self._successor()
        shutil.copytree(self.site(before), to, symlinks=True)
        words = {"announced": ["--next", successor], "rolled": ["--sign", successor],
                 "revoked": ["--sign", successor, "--url", self.url]}[kind]
        if kind == "revoked":
            shutil.copytree(self.gpg_home("trusted"), self.gpg_home(home), ignore=shutil.ignore_patterns("S.*"))
            self._keys[home] = self.key("trusted")
            revocation = (self.gpg_home(home) / "openpgp-revocs.d" / f"{self.key('trusted')}.rev").read_text()
            file = self.work / "revocation"
            file.write_text(revocation.replace("\n:---", "\n---"))
            self.run(["gpg", "--batch", "--import", str(file)], home)
        self._orchestrator("publish", "--allow-placeholders", "--project", str(self._project(version)), *self.distributions,
                           "--from", str(self.packages(version)), "--packager", PACKAGER, "--to", str(to), "--keep", "2",
                           "--tools", str(places.build / "portage" / "bin"), *words, key=home)
        return to

    def published(self, kind: str, distribution: str) -> list[dict[str, Any]]:
        """The module's versions in a release ("debian:12"; "arch" has but one), as the catalog lists them, the newest last."""
        name, _, release = distribution.partition(":")
        entries = json.loads((self.site(kind) / "catalog.json").read_text())["packages"]
        wanted = (entry for entry in entries if entry["distribution"] == name and release in ("", entry["release"])
                  and entry["package"] == self.package)
        return sorted(wanted, key=lambda entry: numbers(entry["version"]))

    def end(self) -> None:
        for name in self._keys:
            self.run(["gpgconf", "--kill", "all"], name)
