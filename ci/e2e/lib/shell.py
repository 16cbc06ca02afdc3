# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that the rig starts: each is known here, and none outlives the rig."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """Something that was to be seen was not, or a program ended badly."""


class Skipped(Exception):
    """This machine cannot do it; the text says why."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


stopping = threading.Event()
patience = 1.0  # by which all that is waited for takes longer than on a machine of one's own kind
_running: set[subprocess.Popen[bytes]] = set()
_guard = threading.Lock()


@dataclass(frozen=True)
class Result:
    status: int
    output: str


def start(argv: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
    """A program in a session of its own (so that the terminal's Ctrl-C reaches the rig first), without the rig's descriptors:
    mmdebstrap hands one above 9 to a shell that knows none."""
    if stopping.is_set():
        raise Stopped
    process = subprocess.Popen(argv, start_new_session=True, close_fds=True, **options)  # type: ignore[call-overload]
    with _guard:
        _running.add(process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and what it started in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
    with _guard:
        _running.discard(process)


def end_all() -> None:
    with _guard:
        processes = list(_running)
    for process in processes:
        end(process)


def run(argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 60, log: Path | None = None, check: bool = True,
        env: dict[str, str] | None = None) -> Result:
    """Runs a program to its end. Its output, both streams, is returned, and appended to a log. A timeout has status 124."""
    process = start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    status: int | None = None
    try:
        output, _ = process.communicate(stdin, timeout=timeout * patience)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = 124
    finally:
        end(process)
    text = output.decode(errors="replace")
    if log is not None:
        with log.open("a") as file:
            file.write(f"$ {' '.join(argv)}\n{text}[status {status}]\n")
    if stopping.is_set():
        raise Stopped
    if check and status != 0:
        tail = "\n".join(text.splitlines()[-15:])
        raise Failed(f"{argv[0]} ended with {status}: {tail}" + (f"\n(the whole log is {log})" if log else ""))
    return Result(status, text)


def pause(seconds: float) -> None:
    """Sleeps, and wakes for Ctrl-C."""
    if stopping.wait(seconds):
        raise Stopped


class Deadline:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds * patience
        self.begin = time.monotonic()

    def left(self) -> float:
        return self.seconds - self.elapsed()

    def elapsed(self) -> float:
        return time.monotonic() - self.begin
