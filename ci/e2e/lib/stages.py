# SPDX-License-Identifier: GPL-3.0-or-later
"""All clients and their stages: one promise each. Each begins in a fresh root, and returns a few words on what it has seen."""

from __future__ import annotations

from collections.abc import Callable

import clients
import debian
import gentoo
import harm_overlay
import lifecycle
import refusals
import rollover
import rough
import stale
import takeover
from stage import Stage

_ = harm_overlay  # to be loaded is its work: it adds a layout
CLIENTS: tuple[type[clients.Client], ...] = (*clients.SCRATCH, *debian.RELEASES, gentoo.Portage)
FOR_ALL: dict[str, Callable[[Stage], str]] = {**lifecycle.STAGES, **takeover.ALL, **refusals.STAGES, **rollover.STAGES, **rough.STAGES}
OWN: dict[str, dict[str, Callable[[Stage], str]]] = {
    "debian-12": {**takeover.DEBIAN, **stale.STAGES}, "debian-13": {**takeover.DEBIAN, **stale.STAGES}, "debian-14": stale.STAGES,
}


def of(client: type[clients.Client]) -> dict[str, Callable[[Stage], str]]:
    return {**FOR_ALL, **OWN.get(client.name, {})}
