# SPDX-License-Identifier: GPL-3.0-or-later
"""The source packages of dracut-sshd-tools that the orchestrator makes, compiled: on releases of Debian in clean roots, offline, by the
release's own tools; those of other formats on this machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import tools_debian
import tools_package
import tools_played

pytestmark = pytest.mark.extended
PLAYED = {"fedora": tools_played.rpm, "arch": tools_played.pkgbuild, "gentoo": tools_played.ebuild}


@pytest.mark.parametrize("release", ["debian:12", "debian:13", "debian:14"])
def test_debian(release: str, record_property: Callable[[str, object], None]) -> None:
    """Built, judged by lintian, installed, run and purged."""
    with tempfile.TemporaryDirectory(prefix="tools-package-") as folder:
        work = Path(folder)
        source = tools_package.make(release, work)
        deb = tools_debian.build(source, work, record_property)
        tools_debian.install_and_purge(source, deb)


@pytest.mark.parametrize("release", sorted(PLAYED))
def test_played(release: str) -> None:
    """The recipe works, and installs what it should."""
    with tempfile.TemporaryDirectory(prefix="tools-package-") as folder:
        work = Path(folder)
        PLAYED[release](tools_package.make(release, work), work)
