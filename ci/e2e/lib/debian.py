# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's own apt, in whole roots of Debian's releases: with a real dracut, sshd, systemd and kernel, as on a user's machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import clients
import roots
import shell

# In a folder as its root. The network is the machine's, because the site is on its loopback.
INSIDE = """root=$0
for folder in dev proc sys run tmp; do mkdir -p "$root/$folder"; done
for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder"; done
mount -t tmpfs -o mode=0755 none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"
exec chroot "$root" bash -euo pipefail -c "$1"
"""
# dracut's trigger asks this for an image of every kernel, which takes long and which nobody looks at.
HOOK = "etc/kernel/postinst.d/dracut"
HOOK_STUB = "#!/bin/sh\necho \"an image was asked for: $1\"\n"
ELSEWHERE = "played on Debian 12; --all plays it here too"


def install_everything(tree: Path) -> None:
    """These roots are made without manual pages and the like, and keep to that; what is tried here is the whole package."""
    for file in (tree / "etc/dpkg/dpkg.cfg.d").iterdir():
        file.unlink()


def _prepare(tree: Path) -> None:
    """The mirror is not asked."""
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    install_everything(tree)
    hook = tree / HOOK
    hook.write_text(HOOK_STUB)
    hook.chmod(0o755)


class Debian(clients.Apt):
    suite: str
    tools = ("mmdebstrap", "tar")
    prelude = 'apt() { command apt -y "$@"; }'
    books = r"(run|tmp|dev|proc|sys)/|var/(tmp|log|cache)/|var/lib/(apt|dpkg/(?!info/)|systemd)/"

    def __init__(self, work: Path, package: str) -> None:
        super().__init__(work, package)
        self._why_not: shell.Skipped | None = None

    def fresh(self, package: Path) -> None:
        del package  # what it asks for is there
        self.fresh_from("template", lambda: roots.get(self.suite, ("curl",)), _prepare)

    def fresh_from(self, name: str, get: Callable[[], roots.Root], prepare: Callable[[Path], None]) -> None:
        template = self.work / name
        if self._why_not is not None:
            raise self._why_not
        if not template.exists():
            try:
                root = get()
            except shell.Skipped as reason:
                self._why_not = reason
                raise
            part = self.work / f"{name}.part"
            roots.unpack(root, part)
            prepare(part)
            part.rename(template)
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        # dpkg never writes into a file of /usr or /boot, but replaces it: there a second name will do, and is twenty times as fast.
        for folder in sorted(template.iterdir()):
            how = "-al" if folder.name in ("usr", "boot") else "-a"
            self.plain(["cp", how, "--", str(folder), str(self.root)])

    def tries(self, command: str, timeout: float = 120) -> int:
        script = f"{clients.SUDO}\n{self.prelude}\n{command.replace('{package}', self.package)}"
        env = {"PATH": clients.PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        result = shell.run([*clients.ALONE, "bash", "-euc", INSIDE, str(self.root), script], env=env, timeout=timeout, check=False)
        self.said = result.output
        return result.status

    def kernel(self) -> str:
        return next((self.root / "usr/lib/modules").iterdir()).name


class Bookworm(Debian):
    name, distribution, suite = "debian-12", "debian:12", "12"
    later = dict.fromkeys(("finds-*", "accepts-*", "refuses-*-metadata", "refuses-*-list*", "refuses-*-signature", "refuses-the-older-*",
                           "refuses-an-expired-*", "truncated*", "delayed"), "played with the apt of this machine; --all plays it here too")


class Trixie(Debian):
    name, distribution, suite = "debian-13", "debian:13", "13"
    takes_expired_keys = "this apt asks sqv, to which a signature is good that was good when it was made"
    later = {**Bookworm.later, **dict.fromkeys(("reinstalls", "downgrades", "dropped", "replaces-i*", "*-an-older-image"), ELSEWHERE)}


class Forky(Debian):
    name, distribution, suite = "debian-14", "debian:14", "14"
    takes_expired_keys = Trixie.takes_expired_keys
    later = Trixie.later


RELEASES: tuple[type[clients.Client], ...] = (Bookworm, Trixie, Forky)
