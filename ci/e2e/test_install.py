# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs from the repositories that the orchestrator publishes, with the distributions' own package managers, each into a scratch
root: do they take what was published, and do they refuse what somebody has changed?

A test is a stage of a manager: apt:installs. The sites are made anew (a minute's work at most), and served on loopback; nothing outside
the machine is asked.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import clients
import rollover
import shell
import sites
import stage
import stages
from shop import Shop, missing_tools, opened

# Of each manager of which there is one: that it installs, and that it refuses.
CORE = ("installs", "refuses-metadata-without-a-signature")
# That begin or end with the older version.
WITH_OLDER = {"upgrades", "downgrades", *rollover.STAGES}
CORE_CLIENTS = ("dnf", "zypper", "apt", "pacman", "portage")


def tier(client: type[clients.Client], name: str) -> str:
    if client.name in CORE_CLIENTS and name in CORE:
        return "core"
    return "all" if any(fnmatch.fnmatchcase(name, pattern) for pattern in client.later) else "extended"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize(("place", "name"), [
        pytest.param(client, name, id=f"{client.name}:{name}",
                     marks=[getattr(pytest.mark, tier(client, name)), pytest.mark.xdist_group(f"install-{client.name}")])
        for client in stages.CLIENTS for name in stages.of(client)], indirect=["place"], scope="module")


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[Shop]:
    """The server, and the sites of all managers that are to be tried."""
    chosen = [item.callspec for item in request.session.items if item.path == Path(__file__)]
    # The one whose key is to expire comes first, so that nobody waits for that. The older one comes before the newer: pacman asks for what
    # has changed since its list was made.
    names = {each.params["name"] for each in chosen}
    kinds = (*(("expired",) if "refuses-an-expired-key" in names else ()), *(("old",) if names & WITH_OLDER else ()), "new")
    with opened(sites.Sites, kinds, [each.params["place"] for each in chosen], pytestconfig.option.keep) as made:
        yield made


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, shop: Shop, pytestconfig: pytest.Config) -> Iterator[stage.Stage]:
    """A manager, its scratch root, and the sites."""
    client: type[clients.Client] = request.param
    if missing := missing_tools(client):
        raise shell.Skipped(f"not installed: {', '.join(missing)}")
    made = stage.Stage(client(shop.work, shop.sites.package), shop.sites, shop.server, shop.work)
    yield made
    if not pytestconfig.option.keep:
        shutil.rmtree(made.client.work, ignore_errors=True)


def test_stage(place: stage.Stage, name: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]) -> None:
    try:
        record_property("", stages.of(type(place.client))[name](place))
    finally:
        if pytestconfig.option.keep and place.client.root.exists():
            shutil.copytree(place.client.root, place.client.work / name, symlinks=True, dirs_exist_ok=True,
                            ignore=lambda folder, names: [one for one in names if (Path(folder) / one).is_socket()])
