# SPDX-License-Identifier: GPL-3.0-or-later
"""qemu's monitor (QMP, qemu's docs/interop/qmp-spec), over one end of a socket pair whose other end qemu was started with."""

from __future__ import annotations

import json
import socket
from typing import Any

import shell

PATIENCE = 20.0  # seconds; qemu starts slowly on a machine with much to do


class Monitor:
    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._ours.settimeout(PATIENCE)
        self._file = self._ours.makefile("rb")

    def begin(self) -> None:
        self.theirs.close()  # so that qemu's end is noticed
        self._line()
        self.command("qmp_capabilities")

    def command(self, name: str, /, **arguments: Any) -> Any:
        try:
            self._ours.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        except OSError as reason:
            raise shell.Failed(f"qemu's monitor: {reason}") from reason
        while True:
            said = self._line()
            if "error" in said:
                raise shell.Failed(f"qemu refuses {name}: {said['error'].get('desc')}")
            if "return" in said:
                return said["return"]

    def human(self, line: str) -> str:
        """A command of the monitor for people; what it prints."""
        return str(self.command("human-monitor-command", **{"command-line": line}))

    def _line(self) -> dict[str, Any]:
        try:
            line = self._file.readline()
        except OSError as reason:
            raise shell.Failed(f"qemu's monitor: {reason}") from reason
        if not line:
            raise shell.Failed("qemu's monitor has ended")
        said = json.loads(line)
        assert isinstance(said, dict)
        return said

    def end(self) -> None:
        self._file.close()
        self._ours.close()
        self.theirs.close()
