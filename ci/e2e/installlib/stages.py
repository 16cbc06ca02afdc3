# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages: one promise each. Each begins in a fresh root, and returns a few words on what it has seen."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import clients
import harm
import shell
import sites
import web

MODULE = "usr/lib/dracut/modules.d/46sshd"
ADMINS = "etc/dracut-sshd/initrd.conf"  # an administrator's own file, in a folder of the package's

# Files that a client asks for, and that a repository of its kind need not have.
OPTIONAL = re.compile(r"/media\.1/media$")  # zypper: repositories on more than one disc
# The client's own word on why it refuses.
REASON = re.compile(r"(?i)signature.*(fail|bad|invalid|available|error)|checksum|hash sum|corrupt|(un)?expected size|not signed|NO_PUBKEY|trust$"
                    r"|is not installed|missing|failed retrieving|No public key|NOKEY")


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
        return list(self.shop.published("new", self.client.manager)[-1]["commands"])

    def package_file(self, kind: str) -> str:
        paths = [file["path"] for file in self.shop.published(kind, self.client.manager)[-1]["files"]]
        return next(path for path in paths if re.search(self.layout.is_package, path))

    def fresh(self) -> None:
        self.client.fresh(self.shop.site("new") / self.package_file("new"))

    def is_there(self, kind: str) -> str:
        """The manager and the root say that the newest version of that site is installed, and whole."""
        wanted = self.shop.published(kind, self.client.manager)[-1]["version"].split("-")[0]
        version = self.client.version()
        check(version.startswith(f"{wanted}-"), f"version {wanted} should be installed, the manager says \"{version}\"")
        check((self.client.root / MODULE / "module-setup.sh").is_file(), f"{MODULE}/module-setup.sh is not in the root")
        second = sites.MARK in (self.client.root / MODULE / "motd").read_text()
        check(second == (kind != "old"), f"the files are another version's than {wanted}")
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
        return {path for path in paths if path.parts[0] not in ("var", "run")}

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


def install(stage: Stage) -> str:
    stage.install("new")
    return stage.client.version()


def finds_all(stage: Stage) -> str:
    """A list that is asked for by its digest, and is not there, spoils what the digest is good for, and nobody sees it."""
    stage.install("new")
    missed = sorted(path for path in stage.server.missed if not OPTIONAL.search(path))
    check(not missed, f"asked for what is not there: {missed}")
    return f"{len(stage.server.asked)} files"


def reinstall(stage: Stage) -> str:
    stage.install("new")
    client = stage.client
    damaged, gone = client.root / MODULE / "sshd_config", client.root / MODULE / "profile"
    before = damaged.read_bytes()
    damaged.write_bytes(before + b"PermitRootLogin yes\n")
    gone.unlink()
    check(client.tries(client.verify) != 0, f"a changed and a missing file are nothing to: {client.verify}")
    for command in client.reinstall:
        client.does(command)
    stage.is_there("new")
    check(damaged.read_bytes() == before and gone.is_file(), "the damage is still there")
    return "mends a changed file and a missing one"


def upgrade(stage: Stage) -> str:
    stage.install("old")
    client = stage.client
    marked = client.configuration()
    for name in [*marked, ADMINS]:
        file = client.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as content:
            content.write("# the administrator's\n")
    stage.serve("new")
    for command in client.upgrade:
        client.does(command)
    if not marked:  # a changed file of the package's would rightly be no match
        stage.is_there("new")
    for name in [*marked, ADMINS]:
        file = client.root / name
        check(file.is_file() and file.read_text().endswith("# the administrator's\n"), f"what the administrator wrote into {name} is gone")
    return f"{client.version()}; kept {ADMINS}, " + (f"and {', '.join(marked)}" if marked else "the package marks no file as configuration")


def downgrade(stage: Stage) -> str:
    stage.install("new")
    client = stage.client
    name = client.older(stage.package_file("old"), stage.shop.url)
    for command in client.downgrade:
        client.does(command.replace("{older}", name))
    return stage.is_there("old")


def remove(stage: Stage) -> str:
    before = stage.install("new")
    client = stage.client
    check(any("46sshd" in str(path) for path in stage.tree() - before), "the installation has left nothing to remove")
    for command in client.remove:
        client.does(command)
    stage.is_absent()
    # Folders that other packages share have no owner in such a root.
    left = [str(path) for path in stage.tree() - before if "sshd" in path.name or not (client.root / path).is_dir()]
    check(not left, f"left in the root: {left}")
    return "; ".join(client.remove).replace("{package}", stage.shop.package)


def refusal(name: str) -> Callable[[Stage], str]:
    """The harm is done to a copy of the site; the client follows the instructions to the end, whatever fails on the way."""
    def play(stage: Stage) -> str:
        client = stage.client
        copy = stage.work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(stage.shop.site("new"), copy)
        harmful = getattr(stage.layout(copy, stage.shop, client.manager), name, None)
        if harmful is None:
            raise shell.Skipped(next(why for harm_, why in harm.REFUSALS.values() if harm_ == name))
        has_to_be_asked_for = harmful()
        if name == "expired_key":
            time.sleep(max(0.0, stage.shop.expires - time.time()))
        stage.fresh()
        stage.server.show(copy)
        told: list[str] = []
        said: list[str] = []
        status = 0
        for command in stage.commands():
            status = client.tries(command)
            check(status not in (124, 125, 126, 127), f"{client.told(command)}\nended with {status}, which is no answer")
            told.append(f"{client.told(command)}\nended with {status}")
            said += client.said.splitlines()
        everything = "\n".join(told)
        check(any(path.startswith(has_to_be_asked_for) for path in stage.server.asked),
              f"the client never asked for {has_to_be_asked_for}, but for {sorted(stage.server.asked)}\n{everything}")
        if name == "no_harm":
            check(status == 0, everything)
            return stage.is_there("new")
        if name == "expired_key" and status == 0 and client.takes_expired_keys:
            raise shell.Skipped(client.takes_expired_keys)
        check(status != 0, f"it was installed all the same:\n{everything}")
        stage.is_absent()
        reasons = [line for line in said if REASON.search(line)] or said[-1:] or ["without a word"]
        return " ".join(reasons[0].split())
    return play


STAGES: dict[str, Callable[[Stage], str]] = {
    "installs": install, "finds-all-that-it-asks-for": finds_all, "reinstalls": reinstall, "upgrades": upgrade, "downgrades": downgrade, "removes": remove,
    **{stage: refusal(name) for stage, (name, _) in harm.REFUSALS.items()},
}
