# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages in which somebody has changed a site: the client refuses, and installs nothing."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable

import harm
import shell
from stage import Stage, check

# The client's own word on why it refuses.
REASON = re.compile(r"(?i)signature.*(fail|bad|invalid|available|error)|checksum|hash sum|corrupt|(un)?expected size|not signed|NO_PUBKEY"
                    r"|trust$|digest|No valid|is not installed|missing|failed retrieving|No public key|NOKEY")


def refusal(name: str) -> Callable[[Stage], str]:
    """The harm is done to a copy of the site; the client follows the instructions to the end, whatever fails on the way."""
    def play(stage: Stage) -> str:
        client = stage.client
        copy = stage.work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(stage.shop.site("new"), copy)
        harmful = getattr(stage.layout(copy, stage.shop, client.distribution), name, None)
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


STAGES: dict[str, Callable[[Stage], str]] = {stage: refusal(name) for stage, (name, _) in harm.REFUSALS.items()}
