# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages in which the key of a site is replaced: the users who do what docs/publishing.md says go on, whatever their manager is."""

from __future__ import annotations

from collections.abc import Callable

from stage import Stage, check


def key_commands(stage: Stage, kind: str) -> list[str]:
    """Of what the page tells to type, the commands that are about the key."""
    commands = stage.shop.published(kind, stage.client.distribution)[-1]["commands"]
    return [one for one in commands if f"{stage.shop.package}.asc" in one or "pacman-key" in one]


def upgrade(stage: Stage, kind: str) -> None:
    for command in stage.client.upgrade:
        stage.client.does(command)
    stage.is_there(kind)


def follows(stage: Stage) -> str:
    """Installed with the old key; the new one is fetched when it is announced; then it signs."""
    stage.install("old")
    stage.serve("announced")
    typed = key_commands(stage, "announced")
    for command in typed:
        stage.client.does(command)
    stage.serve("rolled")
    upgrade(stage, "rolled")
    return "; ".join(typed) or "nothing had to be typed"


def misses(stage: Stage) -> str:
    """A user who has not heard of the announcement."""
    stage.install("old")
    stage.serve("rolled")
    client = stage.client
    status = 0
    for command in client.upgrade:
        status = status or client.tries(command)
    if client.follows_unasked:
        check(status == 0, f"{client.told(client.upgrade[-1])}\nended with {status}")
        stage.is_there("rolled")
        return client.follows_unasked
    check(client.version() != "" and status != 0, f"it was upgraded by a key that nobody trusted:\n{client.told(client.upgrade[-1])}")
    stage.is_there("old")
    return "refused, until the key is fetched"


def starts_over(stage: Stage) -> str:
    """The old key is revoked: the page's commands bring the new one, and the word that the old one is revoked."""
    stage.install("old")
    stage.serve("revoked")
    client = stage.client
    typed = [*key_commands(stage, "revoked"), *client.after_a_revocation]
    for command in typed:
        client.does(command)
    upgrade(stage, "revoked")
    return "; ".join(typed) or "nothing had to be typed"


STAGES: dict[str, Callable[[Stage], str]] = {
    "follows-an-announced-key": follows, "misses-an-announced-key": misses, "starts-over-after-a-revoked-key": starts_over,
}
