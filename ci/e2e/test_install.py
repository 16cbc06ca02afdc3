# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs from the repositories that the orchestrator publishes, with the distributions' own package managers, each into a scratch
root: do they take what was published, and do they refuse what somebody has changed?

A test is a stage of a manager: apt:installs. The sites are made anew (a minute's work at most), and served on loopback; nothing outside
the machine is asked.
"""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import clients
import places
import rollover
import shell
import sites
import stage
import stages
import web

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


def missing_tools(client: type[clients.Client]) -> list[str]:
    return client.missing() + [tool for tool in ("curl", "gpg", "nginx", "unshare") if shutil.which(tool) is None]


@dataclass(frozen=True)
class Shop:
    work: Path
    server: web.Web
    sites: sites.Sites


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[Shop]:
    """The server, and the sites of all managers that are to be tried."""
    if not (places.build / "orchestrator/orchestrator").is_file():
        raise shell.Skipped("there is no orchestrator in the build folder; build it first")
    chosen = [item.callspec for item in request.session.items if item.path == Path(__file__)]
    distributions = [each.params["place"].distribution for each in chosen if not missing_tools(each.params["place"])]
    work = Path(tempfile.mkdtemp(prefix="install.", dir="/tmp"))  # GnuPG's sockets want a short path
    server: web.Web | None = None
    made: sites.Sites | None = None
    try:
        for name in ("nothing", "home"):
            (work / name).mkdir()
        server = web.Web(work, work / "nothing")
        made = sites.Sites(work, server.url, distributions)
        # The one whose key is to expire comes first, so that nobody waits for that. The older one comes before the newer: pacman asks for
        # what has changed since its list was made.
        names = {each.params["name"] for each in chosen}
        for kind in (*(("expired",) if "refuses-an-expired-key" in names else ()), *(("old",) if names & WITH_OLDER else ()), "new"):
            made.site(kind)
        yield Shop(work, server, made)
    finally:
        if server is not None:
            server.end()
        if made is not None:
            made.end()
        if pytestconfig.option.keep:
            print(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


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
