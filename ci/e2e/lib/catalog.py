# SPDX-License-Identifier: GPL-3.0-or-later
"""All scenarios: those of ci/e2e/scenarios, and one for each layout of ci/e2e/installers. Run as a program it says how many there are."""

from __future__ import annotations

import functools

import layouts
import places
import scenario
import steps


@functools.cache
def load() -> tuple[scenario.Scenario, ...]:
    return (*scenario.load(places.library.parent / "scenarios", steps.KNOWN), *layouts.scenarios())


@functools.cache
def get(name: str) -> scenario.Scenario:
    return next(wish for wish in load() if wish.name == name)


def tier(wish: scenario.Scenario, suite: str) -> str:
    """The marker of a cell."""
    return "core" if suite in wish.core else "extended" if suite in wish.extended else "all"


if __name__ == "__main__":
    print(len(load()))
