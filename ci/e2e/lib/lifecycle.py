# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages of a package's life, from one version to the next and to its end."""

from __future__ import annotations

import re
from collections.abc import Callable

from stage import MODULE, Stage, check

ADMINS = "etc/dracut-sshd/initrd.conf"  # an administrator's own file, in a folder of the package's

# Files that a client asks for, and that a repository of its kind need not have.
OPTIONAL = re.compile(r"/media\.1/media$"  # zypper: repositories on more than one disc
                      r"|/distfiles/layout\.conf$")  # portage: how a mirror sorts its files, where it does


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
    stage.is_there("new", unchanged=not marked)  # a changed file of the package's is rightly no match
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


STAGES: dict[str, Callable[[Stage], str]] = {
    "installs": install, "finds-all-that-it-asks-for": finds_all, "reinstalls": reinstall, "upgrades": upgrade, "downgrades": downgrade,
    "removes": remove,
}
