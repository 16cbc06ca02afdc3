# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stages share: a client, its site, and how to tell that a package is there, whole, or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import clients
import harm
import shell
import sites
import web

MODULE = "usr/lib/dracut/modules.d/46sshd"


def check(fine: bool, sentence: str) -> None:
    if not fine:
        raise shell.Failed(sentence)


class Stage:
    """What the stages of one manager share."""

    def __init__(self, client: clients.Client, shop: sites.Sites, server: web.Web, work: Path) -> None:
        self.client, self.shop, self.server, self.work = client, shop, server, work
        self.layout = harm.LAYOUTS[client.manager]

    def serve(self, kind: str) -> None:
        self.server.show(self.shop.site(kind))

    def commands(self) -> list[str]:
        """What the site's catalog tells its users to type."""
        return list(self.shop.published("new", self.client.distribution)[-1]["commands"])

    def package_file(self, kind: str) -> str:
        paths = [file["path"] for file in self.shop.published(kind, self.client.distribution)[-1]["files"]]
        return self.layout.asked_for(next(path for path in paths if re.search(self.layout.is_package, path)))

    def fresh(self) -> None:
        self.client.fresh(self.shop.site("new") / self.package_file("new"))

    def is_there(self, kind: str, unchanged: bool = True) -> str:
        """The manager and the root say that the newest version of that site is installed, and whole, if nobody has changed its files."""
        wanted = self.shop.published(kind, self.client.distribution)[-1]["version"].split("-")[0]
        version = self.client.version()
        fits = re.fullmatch(rf"{re.escape(wanted)}(-.*)?", version) is not None
        check(fits, f"version {wanted} should be installed, the manager says \"{version}\"")
        check((self.client.root / MODULE / "module-setup.sh").is_file(), f"{MODULE}/module-setup.sh is not in the root")
        second = sites.MARK in (self.client.root / MODULE / "motd").read_text()
        check(second == (kind != "old"), f"the files are another version's than {wanted}")
        if unchanged:
            self.client.does(self.client.verify)
        return version

    def is_absent(self) -> None:
        version = self.client.version()
        check(not version, f"the manager says that version {version} is installed")
        # The machine's list of what there is to install may name it; the tree of the system may not.
        found = [str(path) for path in self.tree() if "46sshd" in str(path)]
        check(not found, f"left in the root: {found}")

    def tree(self) -> set[Path]:
        paths = (path.relative_to(self.client.root) for path in self.client.root.rglob("*"))
        return {path for path in paths if not re.match(self.client.books, f"{path}/")}

    def install(self, kind: str) -> set[Path]:
        """Follows the site's instructions. Returns the tree as it was just before the installation."""
        self.serve(kind)
        self.fresh()
        *connect, install = self.commands()
        for command in connect:
            self.client.does(command)
        before = self.tree()
        self.client.does(install)
        self.is_there(kind)
        return before
