# SPDX-License-Identifier: GPL-3.0-or-later
"""`dracut-sshd setup` on machines as an installer leaves them: an encrypted root that asks for its passphrase on the console alone.

A test is a cell of ci/e2e/setups on a suite of Debian: dhcp-ifupdown:13. The machine boots, and somebody types the passphrase at its console.
From the desk, over ssh, `dracut-sshd setup --yes` is run, and once more, which has to write nothing. The machine is rebooted, with the kernel
and the initramfs that its /boot then has. `dracut-sshd unlock NAME`, with nothing but what setup printed, has to bring the real system up.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import desk
import guest
import installed
import installed_machine
import machine
import network
import package
import places
import scenario
import setups
import shell
import static_program
import steps

WITHIN = {"prompt": 180, "real": 300, "setup": 1200, "again": 300, "off": 180, "unlock": 600}
STAMP = "/run/e2e-stamp"
# Where setup, and what it calls, may write; /var/lib/dracut-sshd has its manifest.
WRITTEN = ("/etc", "/boot", "/var/lib/dracut-sshd", "/usr")
NOTHING = r"(?i)nothing (to do|has changed|was written|changed)"
SETUP = "dracut-sshd setup --yes"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize(("cell", "suite"), [
            pytest.param(cell, suite, id=f"{cell.name}:{suite}", marks=pytest.mark.extended if suite in cell.extended else pytest.mark.all)
            for cell in setups.load() for suite in scenario.SUITES if suite in cell.suites])


class Play:
    """A cell on its way, with the time that each step takes."""

    def __init__(self, cell: setups.Cell, suite: str, work: Path, tell: Callable[[str, object], None]) -> None:
        self.cell, self.suite, self.work = cell, suite, work
        self.address = ""
        self._tell = tell
        self._boots = 0

    def timed(self, name: str, action: Callable[[], object]) -> None:
        begin = time.monotonic()
        try:
            action()
        finally:
            seconds = time.monotonic() - begin
            print(f"{self.suite} {self.cell.name}: {name} {seconds:.0f} s", flush=True)
            self._tell(name, f"{seconds:.0f} s")

    def boot(self, there: installed_machine.Machine, net: network.Network) -> guest.Guest:
        self._boots += 1
        folder = self.work / f"boot{self._boots}"
        folder.mkdir()
        kernel, initrd = there.boot_files()
        return guest.Guest(folder, kernel, initrd, " ".join([*guest.arguments(), there.cmdline()]), [], net.nics, net.enter, net.unlinked,
                           there.disks)

    def wait(self, running: guest.Guest, what: str, within: float, look: Callable[[], bool]) -> None:
        deadline = shell.Deadline(within)
        while not look():
            running.look()
            if deadline.left() < 0:
                raise shell.Failed(f"not within {within} s: {what}; the console says: {running.console()[-800:]}")
            shell.pause(0.5)

    def wait_for_real(self, running: guest.Guest, net: network.Network, admin: desk.Desk, marker: str) -> None:
        def look() -> bool:
            where = net.where()
            if where is None:
                return False
            self.address = where[0]
            admin.knows_real(self.address)
            return marker in admin.ssh(f"{self.cell.user}@{self.address}", f"cat /{machine.MARKER}", timeout=45).output
        self.wait(running, "the real system's sshd", WITHIN["real"], look)

    def as_root(self, admin: desk.Desk, command: str, within: float) -> shell.Result:
        sudo = "" if self.cell.user == "root" else "sudo "
        return admin.ssh(f"{self.cell.user}@{self.address}", sudo + command, timeout=within)

    def power_off(self, running: guest.Guest, admin: desk.Desk) -> None:
        """qemu ends where the machine would reboot."""
        self.as_root(admin, "systemctl reboot", 60)
        deadline = shell.Deadline(WITHIN["off"])
        while not running.ended():
            if deadline.left() < 0:
                raise shell.Failed(f"the machine does not go down: {running.console()[-800:]}")
            shell.pause(0.3)


def does(result: shell.Result, command: str) -> str:
    if result.status != 0:
        raise shell.Failed(f"`{command}` ended with {result.status}:\n{result.output}")
    return result.output


def look_at_written(play: Play, admin: desk.Desk) -> None:
    """What the cell says of the network's files."""
    command = f"sh -c 'cat /etc/dracut-sshd/network/*'"
    text = does(play.as_root(admin, command, 60), command) if play.cell.written or play.cell.absent else ""
    for pattern in play.cell.written:
        if not re.search(pattern, text, re.MULTILINE):
            raise shell.Failed(f"setup wrote no line \"{pattern}\":\n{text}")
    for pattern in play.cell.absent:
        if re.search(pattern, text, re.MULTILINE):
            raise shell.Failed(f"setup wrote \"{pattern}\":\n{text}")


def run_again(play: Play, admin: desk.Desk, command: str) -> None:
    """Nothing is written, and it says so."""
    does(play.as_root(admin, f"touch {STAMP}", 60), "touch")
    said = does(play.as_root(admin, command, WITHIN["again"]), f"{command} (again)")
    newer = does(play.as_root(admin, f"find {' '.join(WRITTEN)} -newer {STAMP}", 60), "find").split()
    if newer:
        raise shell.Failed(f"setup, run again, wrote {', '.join(newer)}:\n{said}")
    if not re.search(NOTHING, said):
        raise shell.Failed(f"setup, run again, does not say that there is nothing to do:\n{said}")


def first_boot(play: Play, running: guest.Guest, net: network.Network, admin: desk.Desk, site: machine.Site) -> desk.Printed:
    """The passphrase on the console, and setup from the desk. Returns what it prints."""
    def passphrase() -> None:
        play.wait(running, "a prompt on the console", WITHIN["prompt"], lambda: bool(steps.PROMPT_ON_CONSOLE.search(running.console())))
        shell.pause(1)
        running.type(site.passphrase("root") + "\r")

    play.timed("prompt", passphrase)
    play.timed("real", lambda: play.wait_for_real(running, net, admin, site.text("marker")))
    for before in play.cell.before:
        play.timed(before.split()[0], lambda: does(play.as_root(admin, before, WITHIN["setup"]), before))
    command = " ".join([SETUP, *play.cell.arguments])
    said: list[shell.Result] = []
    play.timed("setup", lambda: said.append(play.as_root(admin, command, WITHIN["setup"])))
    printed = desk.read(does(said[0], command))
    look_at_written(play, admin)
    play.timed("again", lambda: run_again(play, admin, command))
    play.timed("off", lambda: play.power_off(running, admin))
    return printed


def play_cell(play: Play, module: package.Package, program: Path) -> None:
    cell = play.cell
    system = installed.get(cell, play.suite, module)
    site = system.site
    made: list[installed_machine.Machine] = []
    play.timed("disks", lambda: made.append(installed_machine.Machine(system, cell, program, play.work)))
    net = network.Network(cell.network, play.work)
    try:
        admin = desk.Desk(site, play.work, net.enter)
        running = play.boot(made[0], net)
        try:
            printed = first_boot(play, running, net, admin, site)
        finally:
            running.end()
        admin.learn(printed)
        running = play.boot(made[0], net)
        try:
            unlock(play, running, admin, printed, site)
        finally:
            running.end()
    finally:
        net.end()


def unlock(play: Play, running: guest.Guest, admin: desk.Desk, printed: desk.Printed, site: machine.Site) -> None:
    said: list[shell.Result] = []
    play.timed("unlock", lambda: said.append(admin.unlock(printed.name, site.passphrase("root"), WITHIN["unlock"])))
    if said[0].status != 0:
        raise shell.Failed(f"dracut-sshd unlock {printed.name} ended with {said[0].status}: {said[0].output}; the console says: {running.console()[-800:]}")
    real = admin.ssh(f"{play.cell.user}@{play.address}", f"cat /{machine.MARKER}; cat /proc/sys/kernel/hostname", timeout=120)
    if real.output.split() != [site.text("marker"), installed.HOST]:
        raise shell.Failed(f"after the unlock the real system says: {real.output}")


def test_sets_up(cell: setups.Cell, suite: str, pytestconfig: pytest.Config, module_package: Callable[[str], package.Package],
                 record_property: Callable[[str, object], None]) -> None:
    program = static_program.get(pytestconfig.option.program)
    folder = places.logs / "setups" / f"{suite}-{cell.name}"
    shutil.rmtree(folder, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-setup."))
    passed = False
    try:
        play_cell(Play(cell, suite, work, record_property), module_package(suite), program)
        passed = True
    finally:
        if not passed or pytestconfig.option.keep:
            shutil.copytree(work, folder, ignore=shutil.ignore_patterns("*.sock", "initrd", "vmlinuz", "*.img", "key", "other", "tree"))
            print(f"logs: {folder}", flush=True)
        shutil.rmtree(work, ignore_errors=True)
