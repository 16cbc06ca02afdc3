# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: options, the set-up that is expensive, the choice by names, and the table at the end."""

from __future__ import annotations

import fnmatch
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent / folder) for folder in ("lib", "../lib")]

import arch  # noqa: E402
import catalog  # noqa: E402
import ledger  # noqa: E402
import machine  # noqa: E402
import package  # noqa: E402
import places  # noqa: E402
import roots  # noqa: E402
import scenario  # noqa: E402
import shell  # noqa: E402

TIERS = ("core", "extended", "all")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("e2e")
    group.addoption("--only", action="append", default=[], metavar="NAME", help="tests of this name, a pattern; ci/e2e/run NAME says the same")
    group.addoption("--inspect", action="store_true", help="have the scenarios' images inspected; boot nothing")
    group.addoption("--rehearse", action="store_true", help="have dracut-sshd rehearse boot the scenarios' images")
    group.addoption("--resume", action="store_true", help="do not boot again what the ledger says has passed")
    group.addoption("--ledger", type=Path, metavar="FILE", help="where results of scenarios are kept (default: build/e2e/ledger.json)")
    group.addoption("--table", metavar="FILE", help="renew the page's table by what the ledger says: the rows that it has, and those of --only; "
                    "- prints a table; run nothing")
    group.addoption("--package", type=Path, metavar="FILE.deb", help="take this package, and build none")
    group.addoption("--program", type=Path, metavar="FILE", help="put this program dracut-sshd into guests, and build none")
    group.addoption("--arch", default="", choices=sorted(arch.KNOWN), help="of the roots (default: this machine's)")
    group.addoption("--keep", action="store_true", help="keep the tests' folders, with the console's log, and say where they are")
    group.addoption("--console", action="store_true", help="print the console's log after each boot")
    group.addoption("--seed", type=int, metavar="N", help="of the moments at which rehearsals are killed")
    group.addoption("--row", type=int, default=5, metavar="N", help="rehearsals of the test row (default: 5)")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.inspect and config.option.rehearse:
        raise pytest.UsageError("either --inspect or --rehearse")
    if config.option.package is not None:
        config.option.package = config.option.package.resolve()
    if config.option.program is not None:
        config.option.program = config.option.program.resolve()
    try:
        if config.option.arch:
            arch.choose(config.option.arch)
        catalog.load()
    except scenario.Wrong as fault:
        raise pytest.UsageError(str(fault)) from fault
    except shell.Skipped as reason:
        pytest.exit(f"SKIPPED: {reason}", 77)

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt  # out of whatever is being waited for
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """--table runs nothing. The workers of pytest-xdist get the controller's options."""
    if config.option.ledger is None:
        config.option.ledger = places.logs / f"ledger{'-' + config.option.arch if config.option.arch else ''}.json"
    if config.option.table is None:
        return None
    book = ledger.Ledger(config.option.ledger)
    named = [wish for wish in catalog.load() if fits([wish.name], config.option.only)]
    if config.option.only and not named:
        raise pytest.UsageError("no scenario has such a name; ci/e2e/run --collect-only -q boot shows what there is")
    if config.option.table == "-":
        print(book.markdown(named or catalog.load()))
    else:
        book.renew(Path(config.option.table), catalog.load(), named)
    return 0


# --- which tests ---

def fits(names: Sequence[str], patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)


def names_of(item: pytest.Item) -> list[str]:
    """test_boots[unlock-pipe:13] is "boots", "unlock-pipe" and "unlock-pipe:13"; a suite alone names nothing."""
    function = getattr(item, "originalname", item.name).removeprefix("test_")
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return [function]
    parts = callspec.id.split(":")
    return [function, callspec.id, f"{function}:{callspec.id}", ":".join(parts[:2]), *(part for part in parts if part not in scenario.SUITES)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        tiers = [tier for tier in TIERS if item.get_closest_marker(tier)]
        if len(tiers) != 1:
            raise pytest.UsageError(f"{item.nodeid} has to have one marker of {', '.join(TIERS)}; it has {', '.join(tiers) or 'none'}")
    if config.option.only:
        chosen = [item for item in items if fits(names_of(item), config.option.only)]
        # A worker of pytest-xdist cannot say so; where nothing is chosen, the controller's exit status is 5.
        for name in [] if hasattr(config, "workerinput") else config.option.only:
            if not any(fits(names_of(item), [name]) for item in chosen):
                raise pytest.UsageError(f"nothing is called \"{name}\"; ci/e2e/run --collect-only -q shows what there is")
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


# --- the set-up ---

@pytest.fixture(scope="session", autouse=True)
def as_root() -> None:
    if os.geteuid() != 0:
        raise shell.Skipped("only root can make a root and mount in it")
    places.cache.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def root() -> Callable[..., roots.Root]:
    """root(suite, packages...): made once a machine; a lock keeps two tests from making the same."""
    return roots.get


@pytest.fixture(scope="session")
def site(root: Callable[..., roots.Root]) -> Callable[[str], machine.Site]:
    """site(suite): the root's keys and encrypted disks."""
    return lambda name: machine.get(root(name))


@pytest.fixture(scope="session")
def module_package(pytestconfig: pytest.Config) -> Callable[[str], package.Package]:
    """module_package(suite): the package under test."""
    return lambda name: package.get(name, pytestconfig.option.package)


# --- what came of it ---

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """shell.Skipped is a skip, in a test as in its set-up."""
    if call.excinfo is not None and isinstance(call.excinfo.value, shell.Skipped):
        reason = str(call.excinfo.value)
        call.excinfo = pytest.CallInfo.from_call(lambda: pytest.skip(reason), call.when).excinfo


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    shell.end_all()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter is not None and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = 77


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line a test: its result, its seconds with those of its set-up, and what it has to say."""
    seconds: dict[str, float] = {}
    results: dict[str, tuple[str, str]] = {}
    words: dict[str, list[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if not isinstance(report, pytest.TestReport):
                continue
            seconds[report.nodeid] = seconds.get(report.nodeid, 0.0) + report.duration
            if report.outcome != "passed" or report.when == "call":
                known = results.get(report.nodeid, ("", ""))
                if known[0] != "failed":
                    reason = str(report.longrepr[2]).removeprefix("Skipped: ") if report.skipped and isinstance(report.longrepr, tuple) else ""
                    results[report.nodeid] = (report.outcome, reason)
            if report.when == "call" or report.outcome == "failed":
                words[report.nodeid] = [f"{name} {value}" if name else str(value) for name, value in report.user_properties]
    if not results:
        return
    terminalreporter.section("what was tried")
    width = max(len(name) for name in results)
    for name in sorted(results):
        said = re.sub(r"\x1b\[[0-9;]*m", "", "; ".join(words.get(name, [])))
        terminalreporter.line(f"{name:{width}} {results[name][0]:8}{seconds[name]:6.0f} s  {said}".rstrip())
    for name in sorted(results):
        if results[name][0] == "skipped":
            terminalreporter.line(f"SKIPPED: {name}: {results[name][1]}")
