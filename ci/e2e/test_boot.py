# SPDX-License-Identifier: GPL-3.0-or-later
"""Real encrypted roots under qemu, with the module in their initramfs: does a key log in, does a passphrase unlock?

A test is a scenario on a suite of Debian: unlock-pipe:13. Before it boots, `dracut-sshd inspect` is asked about the same bytes, and the
test fails where the two disagree. With --inspect nothing else is done; with --rehearse it is `dracut-sshd rehearse` that boots them,
against scratch disks of its own, and it has to end as the scenario says.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import catalog
import cell
import ledger
import shell
from scenario import SUITES, Scenario


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.option
    mode = ":inspect" if option.inspect else ":rehearse" if option.rehearse else ""
    metafunc.parametrize(("wish", "suite"), [
        pytest.param(wish, suite, id=f"{wish.name}:{suite}{mode}", marks=getattr(pytest.mark, catalog.tier(wish, suite)))
        for wish in catalog.load() for suite in SUITES if suite in wish.suites])


def test_cell(wish: Scenario, suite: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]) -> None:
    option = pytestconfig.option
    settings = cell.Options(option.package, option.keep, option.console)
    book = ledger.Ledger(option.ledger)
    name = book.name(wish, cell.prepare(suite, wish, settings))
    play = cell.inspect if option.inspect else cell.rehearse if option.rehearse else cell.play
    if option.resume:
        known = book.entries()
        booted, inspected, rehearsed = (known.get(each) for each in (name, book.name_inspected(name), book.name_rehearsed(name)))
        before = inspected if option.inspect else rehearsed if option.rehearse else booted
        if before is not None and before["result"] in ("passed", "not booted") and not before["disagreement"]:
            if option.inspect or option.rehearse or (inspected is not None and not inspected["disagreement"]):
                record_property("", f"passed before, at {before['when']}")
                return
            play = cell.inspect  # another dracut-sshd changes nothing about the boot
            record_property("", f"booted before, at {before['when']}")
    outcome = play(suite, wish, settings)
    # What was not asked is no result of a boot.
    if outcome.inspected or outcome.rehearsed or not (option.inspect or option.rehearse):
        book.add(name, outcome)
    for text in outcome.words():
        record_property("", text)
    if outcome.result == "skipped":
        raise shell.Skipped(outcome.reason)
    if outcome.failed:
        raise shell.Failed("\n".join(filter(None, (outcome.reason, outcome.disagreement))))
