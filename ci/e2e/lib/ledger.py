# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that are kept by content: a long run that was interrupted goes on where it was, and the README's table comes from here."""

from __future__ import annotations

import fcntl
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cell
import places
from scenario import SUITES, Scenario


class Ledger:
    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> dict[str, dict[str, Any]]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def name(self, wish: Scenario, ready: cell.Prepared) -> str:
        """Of everything that a result depends on."""
        rig = places.digest_of_tree([places.library, places.library.parent / "boot"])
        return places.digest(rig, wish.file, ready.package.id, ready.site.root.id, ready.site.root.suite)

    def add(self, name: str, outcome: cell.Outcome) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_name(self._file.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = self.entries()
            entries[name] = {**asdict(outcome), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            part = self._file.with_name(self._file.name + ".part")
            part.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")
            part.rename(self._file)

    def markdown(self, scenarios: list[Scenario]) -> str:
        """The newest result of every cell."""
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for entry in self.entries().values():
            place = (entry["scenario"], entry["suite"])
            if place not in newest or entry["when"] > newest[place]["when"]:
                newest[place] = entry
        lines = ["| scenario | " + " | ".join(f"Debian {suite}" for suite in SUITES) + " |", "|---" * (len(SUITES) + 1) + "|"]
        for wish in scenarios:
            words = []
            for suite in SUITES:
                entry = newest.get((wish.name, suite))
                if entry is None:
                    words.append("not run" if suite in wish.suites else "not meant")
                else:
                    words.append(entry["result"] + (f" ({sum(time for _, time in entry['stages']):.0f} s)" if entry["stages"] else "")
                                 + (", second try" if entry["retried"] else ""))
            lines.append(f"| {wish.title} | " + " | ".join(words) + " |")
        return "\n".join(lines)


def table(outcomes: list[cell.Outcome]) -> str:
    lines = []
    for outcome in sorted(outcomes, key=lambda each: (each.scenario, each.suite)):
        stages = ", ".join(f"{name} {seconds:.0f}" for name, seconds in outcome.stages if seconds >= 0.5)
        lines.append(f"{outcome.suite:5} {outcome.scenario:28} {outcome.result:8} {outcome.seconds:6.0f} s  {stages}")
        if outcome.retried:
            lines.append(f"      tried again, because {outcome.retried}")
        if outcome.reason:
            lines.append("      " + outcome.reason.strip().replace("\n", "\n      "))
    return "\n".join(lines)
