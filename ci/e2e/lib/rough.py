# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages on a bad network. Whatever it does, an installation is whole, or there is none."""

from __future__ import annotations

from collections.abc import Callable

import weather
from stage import Stage, check

# A person types the lines again when they have failed, but not for ever. Each time one more file has got through.
ROUNDS = 8
PATIENCE = 240  # seconds for a command: some wait half a minute before they ask again


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _type_all(stage: Stage, rounds: int) -> tuple[bool, int, str]:
    """Types what the site tells its users to type, all of it again until its last command ends well. As long as that fails there must be
    nothing. Returns whether it ended well, the rounds, and what the first failure said."""
    client = stage.client
    told = ""
    for count in range(1, rounds + 1):
        status = 0
        for command in stage.commands():
            status = client.tries(command, PATIENCE)
            check(status not in (124, 125, 126, 127), f"{client.told(command)}\nended with {status}, which is no answer")
            if status != 0:
                told = told or client.told(command)
        if status == 0:
            return True, count, told
        stage.is_absent()
    return False, rounds, told


def storm(make: Callable[[], weather.Weather]) -> Callable[[Stage], str]:
    def play(stage: Stage) -> str:
        bad = make()
        stage.fresh()
        stage.server.show(stage.shop.site("new"), bad)
        fine, rounds, told = _type_all(stage, ROUNDS)
        check(len(bad.spoiled) > 0, "the network has spoiled nothing")
        if fine:
            check(stage.package_file("new") in bad.spoiled, f"the package itself was not spoiled, but {sorted(bad.spoiled)}")
            return f"{stage.is_there('new')} is there; {len(bad.spoiled)} files were spoiled, and the lines typed {times(rounds)}"
        stage.serve("new")
        for command in stage.client.start_over:
            stage.client.does(command)
        fine, _, again = _type_all(stage, 1)
        check(fine, f"on a good network it still fails:\n{again}\nIt began with:\n{told}")
        after = "".join(f", after {command.replace('{package}', stage.shop.package)}," for command in stage.client.start_over)
        return f"nothing was installed; on a good network{after} the same commands install {stage.is_there('new')}"
    return play


def delayed(stage: Stage) -> str:
    """Slowness alone is no reason to give up: the lines are typed once."""
    slow = weather.Slow()
    stage.fresh()
    stage.server.show(stage.shop.site("new"), slow)
    fine, _, told = _type_all(stage, 1)
    check(fine and not told, told)
    check(stage.package_file("new") in slow.spoiled, "the package itself was not slow")
    return f"{stage.is_there('new')}, {len(slow.spoiled)} files"


STAGES: dict[str, Callable[[Stage], str]] = {
    "truncated": storm(weather.Truncating), "truncated-unsaid": storm(weather.TruncatingUnsaid), "delayed": delayed,
    "dropped": storm(weather.Dropping),
}
