# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dracut-sshd rehearse` says of the very bytes that a cell would boot, and whether that is what the scenario says of the boot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import guest
import shell
import uki
import verdict
from scenario import PASSES, Scenario

# Seconds for each step in which the guest says nothing new. Where a step has to fail, they are waited for.
PATIENCE, PATIENCE_OF_A_FAILURE = 240, 60
LIMIT = 1500.0


@dataclass(frozen=True)
class Verdict:
    status: int
    failed: str  # the step at which it ended; "": it passed
    detail: str
    seconds: float  # from qemu's start to the last step
    expected: str  # as Scenario.rehearse
    died: str  # a fault of the guest's kernel or the emulator's

    @property
    def said(self) -> str:
        return f"{self.status} {self.failed}".strip()

    @property
    def disagreement(self) -> str:
        if self.expected == PASSES:
            fits = self.status == 0 and not self.failed
        else:
            fits = self.status == 1 and self.failed == self.expected
        if fits:
            return ""
        meant = "0" if self.expected == PASSES else f"1 {self.expected}"
        kind = "comfort" if self.status == 0 else "alarm" if self.expected == PASSES else "step"
        return f"false {kind}: dracut-sshd rehearse says {self.said} instead of {meant}: {self.detail}"


def argv(image: Path, kernel: Path, arguments: str, more: Sequence[str] = ()) -> list[str]:
    if image.suffix == ".efi":
        return [str(verdict.program()), "rehearse", "--emulate", "--image", str(image), "--secure-boot-keys", str(image.parent / uki.KEYS), *more]
    return [str(verdict.program()), "rehearse", "--emulate", "--image", str(image), "--kernel", str(kernel), "--cmdline", arguments, *more]


def environment(work: Path) -> dict[str, str]:
    """A home and a place for scratch files of its own: what is left there is seen."""
    for name in ("home", "scratch"):
        (work / name).mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LC_ALL") if name in os.environ}
    return {**kept, "HOME": str(work / "home"), "TMPDIR": str(work / "scratch")}


def of(image: Path, kernel: Path, arguments: str, wish: Scenario, work: Path) -> Verdict:
    """arguments: the kernel's, as the guest would get them."""
    report = work / "rehearsal"
    patience = PATIENCE if wish.rehearse == PASSES else PATIENCE_OF_A_FAILURE
    more = ["--json", "--report", str(report), "--patience", str(patience)]
    if "rd.break" in wish.add:
        more.append("--break")
    if any(step["do"] == "pipe" and step.get("passphrase") == "wrong" for step in wish.steps):
        more.append("--wrong-passphrase")
    process = shell.start(argv(image, kernel, arguments, more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(work))
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    finally:
        shell.end(process)
    shell.pause(0)
    (work / "rehearse.json").write_bytes(out)
    (work / "rehearse.log").write_bytes(err)
    if process.returncode not in (0, 1):
        raise shell.Failed(f"`dracut-sshd rehearse` ended with {process.returncode}: {err.decode(errors='replace').strip()[-600:]}")
    return _read(process.returncode, out, err, report, wish)


def _read(status: int, out: bytes, err: bytes, report: Path, wish: Scenario) -> Verdict:
    try:
        said: dict[str, Any] = json.loads(out)
        steps = said["steps"]
        if said["unlocked"] != (status == 0) or not steps:
            raise shell.Failed(f"`dracut-sshd rehearse` ended with {status}, and says \"unlocked\": {said['unlocked']}")
    except (ValueError, KeyError) as fault:
        raise shell.Failed(f"`dracut-sshd rehearse` ended with {status}, and without steps: {err.decode(errors='replace').strip() or fault}") from fault
    console = (report / "console.log").read_text(errors="replace") if (report / "console.log").exists() else ""
    found = guest.DEATH.search(console) or guest.STALL.search(console)
    return Verdict(status, said.get("failed", ""), steps[-1]["detail"], steps[-1]["at"], wish.rehearse, found[0] if found and status else "")


def left_behind(work: Path) -> list[str]:
    """What a rehearsal that has ended ought to have taken away."""
    return [str(path) for path in (work / "scratch").iterdir()]
