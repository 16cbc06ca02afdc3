# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of somebody who pastes all lines of the page at once: a shell goes on after a line that has failed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from stage import Stage, check


def pasted(stage: Stage) -> str:
    """A first clone whose commit is not signed fails, and is left where emerge finds it."""
    copy = stage.work / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(stage.shop.site("new"), copy)
    stage.layout(copy, stage.shop, stage.client.distribution).no_signature()
    stage.fresh()
    stage.server.show(copy)
    failed = []
    for command in stage.commands():
        if stage.client.tries(command) != 0:
            failed.append(stage.client.told(command))
    check(bool(failed), "an unsigned commit has passed")
    version = stage.client.version()
    check(not version, f"version {version} was installed, although its commit is not signed; the lines went on after:\n{failed[0]}")
    stage.is_absent()
    return "nothing was installed, although all lines were typed"


STAGES: dict[str, Callable[[Stage], str]] = {"refuses-an-unsigned-commit-when-all-lines-are-pasted": pasted}
