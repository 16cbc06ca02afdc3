# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dracut-sshd inspect` says of the very bytes that are booted, and whether that is what the scenario says of the boot."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import places
import shell
from scenario import LETS_IN, UNKNOWN, Scenario


@dataclass(frozen=True)
class Verdict:
    status: int
    errors: tuple[str, ...]  # what keeps people out: ids, each once
    unknown: tuple[str, ...]  # what could not be told
    findings: str  # of these two kinds, a line each
    opens: tuple[str, ...]  # what it says of how disks are opened
    expected: str  # as Scenario.inspect

    @property
    def said(self) -> str:
        return " ".join([str(self.status), *(self.errors or self.unknown)])

    @property
    def disagreement(self) -> str:
        """Why it is a false alarm or a false comfort; "" if it is neither."""
        if self.expected == LETS_IN:
            fits = self.status == 0
        elif self.expected.startswith(UNKNOWN):
            fits = self.status == 4 and self.expected.removeprefix(UNKNOWN) in self.unknown
        else:
            fits = self.status == 1 and self.expected in self.errors
        if fits:
            return ""
        meant = "0" if self.expected == LETS_IN else f"4 {self.expected[1:]}" if self.expected.startswith(UNKNOWN) else f"1 {self.expected}"
        kind = "comfort" if self.status == 0 else "alarm" if self.status == 1 and self.expected == LETS_IN else "verdict"
        return f"false {kind}: dracut-sshd inspect says {self.said} instead of {meant}" + (f"\n{self.findings}" if self.findings else "")


def program() -> Path:
    file = places.build / "orchestrator/dracut-sshd"
    if not file.exists():
        raise shell.Failed("dracut-sshd is not built: cmake -S . -B build && cmake --build build")
    return file


def of(image: Path, arguments: str, wish: Scenario, log: Path) -> Verdict:
    """arguments: the kernel's, as the guest gets them."""
    argv = [str(program()), "inspect", "--json", "--cmdline", arguments, str(image)]
    done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
    log.write_bytes(done.stdout + done.stderr)
    try:
        findings = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError) as fault:
        said = done.stderr.decode(errors="replace").strip()
        raise shell.Failed(f"`dracut-sshd inspect` ended with {done.returncode}, and without findings: {said or fault}") from fault

    def ids(severity: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(finding["id"] for finding in findings if finding["severity"] == severity))

    lines = [f"{finding['severity']} {finding['id']}: {finding['message']}" for finding in findings
             if finding["severity"] in ("error", "unknown")]
    opens = tuple(finding["message"] for finding in findings if finding["id"] == "crypt.opens")
    return Verdict(done.returncode, ids("error"), ids("unknown"), "\n".join(lines), opens, wish.inspect)
