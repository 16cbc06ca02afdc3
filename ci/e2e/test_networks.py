# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-networkd of each suite makes of the files and command lines of networks/cases.json, and whether `dracut-sshd inspect` says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import networks
import roots
import scenario
import shell


@pytest.mark.extended
@pytest.mark.parametrize("suite", scenario.SUITES)
def test_agrees_with_networkd(suite: str, root: Callable[..., roots.Root], tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    tree = tmp_path / "root"
    roots.unpack(root(suite), tree)
    cases, left_out = networks.possible()
    results = networks.all_tried(suite, tree, tmp_path / "cases", cases)
    faults = [result.fault for result in results if result.fault]
    record_property("", f"{len(results)} cases" + (f", {len(left_out)} left out: this kernel has no {' '.join(left_out)}" if left_out else ""))
    if faults:
        raise shell.Failed(f"{len(faults)} of {len(results)}:\n" + "\n".join(faults))
