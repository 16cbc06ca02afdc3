# SPDX-License-Identifier: GPL-3.0-or-later
"""A cell of ci/e2e/setups on its way: the machine as it was installed, its network, the desk, and each boot of it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import desk
import guest
import installed
import installed_machine
import machine
import network
import package
import setups
import shell
import steps

T = TypeVar("T")
# Seconds, on an emulated processor of a busy machine.
WITHIN = {"prompt": 240, "real": 400, "command": 120, "setup": 2400, "again": 600, "off": 240, "unlock": 900}
SETTINGS = "/etc/dracut-sshd /etc/ssh /etc/default /etc/dracut.conf.d /etc/network"


class Play:
    def __init__(self, cell: setups.Cell, suite: str, module: package.Package, program: Path, work: Path, tell: Callable[[str, object], None]) -> None:
        self.cell, self.suite, self.work, self.program = cell, suite, work, program
        self.address = ""  # of the real system, as soon as it is known
        self._tell = tell
        self._boots = 0
        self._guest: guest.Guest | None = None
        system = installed.get(cell, suite, module)
        self.site = system.site
        self.machine = self.timed("disks", lambda: installed_machine.Machine(system, cell, program, work))
        self.net = network.Network(cell.network, work)
        self.desk = desk.Desk(self.site, work, self.net.enter)

    def end(self) -> None:
        self.net.end()

    def timed(self, name: str, action: Callable[[], T]) -> T:
        begin = time.monotonic()
        try:
            return action()
        finally:
            seconds = time.monotonic() - begin
            print(f"{self.suite} {self.cell.name}: {name} {seconds:.0f} s", flush=True)
            self._tell(name, f"{seconds:.0f} s")

    @contextlib.contextmanager
    def booted(self) -> Iterator[None]:
        """The machine runs, with the kernel and the initramfs that /boot has now."""
        self._boots += 1
        folder = self.work / f"boot{self._boots}"
        folder.mkdir()
        kernel, initrd = self.machine.boot_files()
        self._guest = guest.Guest(folder, kernel, initrd, " ".join([*guest.arguments(), self.machine.cmdline()]), [], self.net.nics, self.net.enter,
                                  self.net.unlinked, self.machine.disks)
        try:
            yield
        finally:
            self._guest.end()

    @property
    def running(self) -> guest.Guest:
        assert self._guest is not None
        return self._guest

    def console(self) -> str:
        """The end of what it printed."""
        return self.running.console()[-800:]

    def _wait(self, what: str, within: float, look: Callable[[], bool]) -> None:
        deadline = shell.Deadline(within)
        while not look():
            self.running.look()
            if deadline.left() < 0:
                raise shell.Failed(f"not within {within:.0f} s: {what}; the console says: {self.console()}")
            shell.pause(0.5)

    def open_by_hand(self) -> None:
        """Somebody sits at the console, and types the passphrase; until the real system answers at its sshd."""
        def prompt() -> None:
            self._wait("a prompt on the console", WITHIN["prompt"], lambda: steps.PROMPT_ON_CONSOLE.search(self.running.console()) is not None)
            shell.pause(1)
            self.running.type(self.site.passphrase("root") + "\r")
        self.timed("prompt", prompt)
        self.timed("real", lambda: self._wait("the real system's sshd", WITHIN["real"], self._is_real))

    def _is_real(self) -> bool:
        where = self.net.where()
        if where is None:
            return False
        self.address = where[0]
        self.desk.knows_real(self.address)
        return self.site.text("marker") in self.ssh(f"cat /{machine.MARKER}", 45).output

    def ssh(self, command: str, within: float = WITHIN["command"]) -> shell.Result:
        return self.desk.ssh(f"{self.cell.user}@{self.address}", command, timeout=within)

    def as_root(self, command: str, within: float = WITHIN["command"]) -> shell.Result:
        """In a session of the cell's user; another than root becomes root by sudo, as people do it, in the same session."""
        return self.ssh(command if self.cell.user == "root" else f"sudo {command}", within)

    def does(self, command: str, within: float = WITHIN["command"]) -> str:
        """The same, and it has to end well."""
        result = self.as_root(command, within)
        if result.status != 0:
            raise shell.Failed(f"`{command}` ended with {result.status}:\n{result.output}")
        return result.output

    def reboot(self) -> None:
        """Until qemu ends, where the firmware would begin."""
        self.as_root("systemctl reboot")
        deadline = shell.Deadline(WITHIN["off"])
        while not self.running.ended():
            if deadline.left() < 0:
                raise shell.Failed(f"the machine does not go down: {self.console()}")
            shell.pause(0.3)

    def unlock(self, name: str) -> None:
        """By what setup printed, and nothing else."""
        said = self.desk.unlock(name, self.site.passphrase("root"), WITHIN["unlock"])
        if said.status != 0:
            raise shell.Failed(f"dracut-sshd unlock {name} ended with {said.status}: {said.output}; the console says: {self.console()}")
        real = self.ssh(f"cat /{machine.MARKER} /proc/sys/kernel/hostname")
        if real.output.split() != [self.site.text("marker"), installed.HOST]:
            raise shell.Failed(f"after the unlock the real system says: {real.output}")

    def settings(self) -> str:
        """What is in the folders of the system that setup writes to."""
        return self.does(f"find {SETTINGS} -type f -exec sha256sum {{}} + | sort -k 2")

    def remove(self, before: str) -> None:
        """What setup wrote goes, and nothing else; then the image is built without it."""
        self.does("dracut-sshd setup --remove")
        if (now := self.settings()) != before:
            raise shell.Failed(f"setup --remove leaves:\n{now}\nbefore setup there was:\n{before}")
        self.does("dracut-sshd-rebuild --all", WITHIN["setup"])

    def look_at_network(self) -> None:
        """What the cell says of the files that setup wrote."""
        text = self.does("find /etc/dracut-sshd -path '*/network/*' -type f -exec cat {} +")
        for pattern in self.cell.written:
            if not re.search(pattern, text, re.MULTILINE):
                raise shell.Failed(f"setup wrote no line \"{pattern}\":\n{text}")
        for pattern in self.cell.absent:
            if re.search(pattern, text, re.MULTILINE):
                raise shell.Failed(f"setup wrote \"{pattern}\":\n{text}")
