# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server, and the sites that it serves one of: what tests install from."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import clients
import places
import shell
import sites
import web


@dataclass(frozen=True)
class Shop:
    work: Path
    server: web.Web
    sites: sites.Sites


def missing_tools(client: type[clients.Client]) -> list[str]:
    return client.missing() + [tool for tool in ("curl", "gpg", "nginx", "unshare") if shutil.which(tool) is None]


@contextlib.contextmanager
def opened(maker: type[sites.Sites], kinds: Iterable[str], customers: Iterable[type[clients.Client]], keep: bool) -> Iterator[Shop]:
    """With these sites, made in this order, for the customers that can be played here. What they are made in is kept on demand."""
    if not (places.build / "orchestrator/orchestrator").is_file():
        raise shell.Skipped("there is no orchestrator in the build folder; build it first")
    work = Path(tempfile.mkdtemp(prefix="shop.", dir="/tmp"))  # GnuPG's sockets want a short path
    try:
        with contextlib.ExitStack() as undo:
            for name in ("nothing", "home"):
                (work / name).mkdir()
            server = web.Web(work, work / "nothing")
            undo.callback(server.end)
            made = maker(work, server.url, [client.distribution for client in customers if not missing_tools(client)])
            undo.callback(made.end)
            for kind in kinds:
                made.site(kind)
            yield Shop(work, server, made)
    finally:
        if keep:
            print(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
