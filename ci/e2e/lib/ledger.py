# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that are kept by content: a long run that was interrupted goes on where it was, and the README's table comes from here."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cell
import places
import verdict
from scenario import CANNOT, SUITES, Scenario, Wrong


class Ledger:
    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> dict[str, dict[str, Any]]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def name(self, wish: Scenario, ready: cell.Prepared) -> str:
        """Of everything that a boot's result depends on."""
        rig = places.digest_of_tree([places.library, places.library.parent / "test_boot.py"])
        return places.digest(rig, wish.name, wish.file, ready.package.id, ready.site.root.id, ready.site.root.suite)

    def name_inspected(self, name: str) -> str:
        """Of everything that a verdict depends on: what the boot does, and the program that gives it."""
        return places.digest(name, verdict.program())

    def name_rehearsed(self, name: str) -> str:
        return places.digest(name, verdict.program(), "rehearsed")

    def add(self, name: str, outcome: cell.Outcome) -> None:
        """The boot and the verdict are kept apart: another dracut-sshd changes nothing about a boot."""
        if outcome.rehearsed:
            self._add(self.name_rehearsed(name), outcome)
            return
        if outcome.result != "not booted":
            self._add(name, outcome)
        if outcome.inspected:
            self._add(self.name_inspected(name), replace(outcome, result="not booted", reason="", stages=[], retried=""))

    def _add(self, name: str, outcome: cell.Outcome) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_name(self._file.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = self.entries()
            entries[name] = {**asdict(outcome), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            part = self._file.with_name(self._file.name + ".part")
            part.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")
            part.rename(self._file)

    def markdown(self, scenarios: Sequence[Scenario]) -> str:
        """The newest result of every cell."""
        newest: dict[tuple[str, str, str], dict[str, Any]] = {}
        for entry in self.entries().values():
            kind = "rehearsed" if entry.get("rehearsed") else "inspected" if entry["result"] == "not booted" else "booted"
            place = (entry["scenario"], entry["suite"], kind)
            if place not in newest or entry["when"] > newest[place]["when"]:
                newest[place] = entry
        lines = ["| scenario | " + " | ".join(f"{suite}: inspect says | rehearse says | the boot" for suite in SUITES) + " |",
                 "|---" * (3 * len(SUITES) + 1) + "|"]
        for wish in scenarios:
            words = []
            for suite in SUITES:
                is_meant = suite in wish.suites
                words.append(_said(newest.get((wish.name, suite, "inspected")), is_meant))
                words.append(_rehearsed(newest.get((wish.name, suite, "rehearsed")), is_meant, wish))
                words.append(_booted(newest.get((wish.name, suite, "booted")), is_meant, wish))
            lines.append(f"| {wish.title} | " + " | ".join(words) + " |")
        return "\n".join(lines)

    def renew(self, page: Path, scenarios: Sequence[Scenario], wanted: Sequence[Scenario]) -> None:
        """The page's only table: the rows that it has, of all scenarios, and those that are wanted. What this ledger does not know stays as the
        page has it."""
        lines = page.read_text().splitlines()
        rows = [number for number, line in enumerate(lines) if line.startswith("|")]
        if not rows or rows != list(range(rows[0], rows[-1] + 1)):
            raise Wrong(f"{page}: expected one table")
        old = {cells[0]: cells[1:] for cells in map(_cells, lines[rows[0]:rows[-1] + 1])}
        new = []
        for row in map(_cells, self.markdown([wish for wish in scenarios if wish.title in old or wish in wanted]).splitlines()):
            before = old.get(row[0], row[1:])
            kept = [theirs if ours in UNKNOWN else ours for ours, theirs in zip(row[1:], before)]
            new.append("|---" * len(row) + "|" if row[0].startswith("---") else "| " + " | ".join([row[0], *kept]) + " |")
        part = page.with_name(f".{page.name}.part")
        part.write_text("\n".join([*lines[:rows[0]], *new, *lines[rows[-1] + 1:]]) + "\n")
        part.rename(page)


UNKNOWN = ("not run", "not asked")


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _said(entry: dict[str, Any] | None, is_meant: bool) -> str:
    if entry is None or not is_meant:
        return "not asked" if is_meant else "not meant"
    return entry["inspected"] + (", WRONG" if entry["disagreement"] else "")


def _rehearsed(entry: dict[str, Any] | None, is_meant: bool, wish: Scenario) -> str:
    if is_meant and wish.rehearse == CANNOT:
        return "cannot be"
    if entry is None or not is_meant:
        return "not run" if is_meant else "not meant"
    return f"{entry['rehearsed']} ({_seconds(entry):.0f} s)" + (", WRONG" if entry["disagreement"] else "") + (", second try" if entry["retried"] else "")


def _seconds(entry: dict[str, Any]) -> float:
    return sum(seconds for _, seconds in entry["stages"])


def _booted(entry: dict[str, Any] | None, is_meant: bool, wish: Scenario) -> str:
    if entry is None or not is_meant:
        return "not run" if is_meant else "not meant"
    word = did(wish) if entry["result"] == "passed" else entry["result"]
    return word + (f" ({_seconds(entry):.0f} s)" if entry["stages"] else "") + (", second try" if entry["retried"] else "")


def did(wish: Scenario) -> str:
    """What a boot did that passed."""
    return "lets in" if wish.logs_in else "does not let in"
