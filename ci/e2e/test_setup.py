# SPDX-License-Identifier: GPL-3.0-or-later
"""`dracut-sshd setup` on machines as an installer leaves them: an encrypted root that asks for its passphrase on the console alone.

A test is a cell of ci/e2e/setups on a suite of Debian: dhcp-ifupdown:13. The machine boots, and somebody types the passphrase at its console.
From the desk, over ssh, `dracut-sshd setup --yes` is run, and once more, which has to write nothing. The machine is rebooted, with the kernel
and the initramfs that its /boot then has. `dracut-sshd unlock NAME`, with nothing but what setup printed, has to bring the real system up.

test_plans makes the states of setup-plans.toml in one running machine, and looks at what `setup --dry-run` plans for each.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import desk
import installed
import package
import places
import scenario
import setup_chroot
import setup_plans
import setups
import shell
import static_program
from setup_play import WITHIN, Play

SETUP = "dracut-sshd setup --yes"
STAMP = "/run/e2e-stamp"
# Where setup, and what it calls, may write.
WRITTEN = ("/etc", "/boot", "/usr", "/var/lib/dracut-sshd")
NOT_KEPT = ("*.sock", "initrd", "vmlinuz", "*.img", "key", "other", "tree")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize(("cell", "suite"), [
            pytest.param(cell, suite, id=f"{cell.name}:{suite}", marks=pytest.mark.extended if suite in cell.extended else pytest.mark.all)
            for cell in setups.load() for suite in scenario.SUITES if suite in cell.suites])


@contextlib.contextmanager
def workplace(name: str, keep: bool) -> Iterator[Path]:
    """A folder for the test, whose logs stay where it fails."""
    folder = places.logs / "setups" / name
    shutil.rmtree(folder, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-setup."))
    passed = False
    try:
        yield work
        passed = True
    finally:
        if not passed or keep:
            shutil.copytree(work, folder, ignore=shutil.ignore_patterns(*NOT_KEPT))
            print(f"logs: {folder}", flush=True)
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def prepared(cell: setups.Cell, suite: str, module: package.Package, config: pytest.Config, tell: Callable[[str, object], None]) -> Iterator[Play]:
    program = static_program.get(config.option.program)
    with workplace(f"{suite}-{cell.name}", config.option.keep) as work:
        play = Play(cell, suite, module, program, work, tell)
        try:
            yield play
        finally:
            play.end()


def set_up(play: Play) -> str:
    """Once, and once more, which has to write nothing. Returns what `dracut-sshd unlock` is told; the desk knows the rest."""
    for before in play.cell.before:
        play.timed(before.split()[0], lambda: play.does(before, WITHIN["setup"]))
    run = set_up_from_desk if play.cell.from_desk else set_up_there
    said = play.timed("setup", lambda: run(play, "setup"))
    play.look_at_network()
    play.does(f"touch {STAMP}")
    play.timed("again", lambda: run(play, "again"))
    newer = play.does(f"find {' '.join(WRITTEN)} -newer {STAMP}").split()
    if newer:
        raise shell.Failed(f"setup, run again, wrote {newer}")
    if play.cell.from_desk:
        return desk.unlock_name(said)
    printed = desk.read(said)
    play.desk.learn(printed)
    return printed.name


def set_up_there(play: Play, step: str) -> str:
    command = " ".join([SETUP, *play.cell.arguments])
    if step == "setup":
        return play.does(command, WITHIN[step])
    said = json.loads(play.does(f"{command} --json 2>/dev/null", WITHIN[step]))
    if said["written"] or said["rebuilt"]:
        raise shell.Failed(f"setup, run again, says that it wrote {said['written']}, rebuilt: {said['rebuilt']}")
    return ""


def set_up_from_desk(play: Play, step: str) -> str:
    said = play.desk.set_up(play.program, f"{play.cell.user}@{play.address}", play.cell.arguments, WITHIN[step])
    if said.status != 0:
        raise shell.Failed(f"setup from the desk ended with {said.status}:\n{said.output}")
    return said.output


def test_sets_up(cell: setups.Cell, suite: str, pytestconfig: pytest.Config, module_package: Callable[[str], package.Package],
                 record_property: Callable[[str, object], None]) -> None:
    with prepared(cell, suite, module_package(suite), pytestconfig, record_property) as play:
        with play.booted():
            play.open_by_hand()
            before, address = play.settings() if cell.removed else "", play.address
            name = set_up(play)
            play.timed("reboot", play.reboot)
        with play.booted():
            play.timed("unlock", lambda: play.unlock(name))
            if not cell.removed:
                return
            play.timed("remove", lambda: play.remove(before))
            play.timed("reboot", play.reboot)
        with play.booted():
            play.open_by_hand()
            if play.address != address:
                raise shell.Failed(f"the machine is at {play.address}; before, it was at {address}")


@pytest.mark.extended
def test_plans(pytestconfig: pytest.Config, module_package: Callable[[str], package.Package], record_property: Callable[[str, object], None]) -> None:
    """One machine, and the states of a network of setup-plans.toml."""
    plans = setup_plans.load()
    cell = replace(next(each for each in setups.load() if each.name == "dhcp-ifupdown"), name="plans",
                   network=scenario.Network(mode="tap", cards=("net", "dead", "dead")))
    with prepared(cell, "13", module_package("13"), pytestconfig, record_property) as play, play.booted():
        play.open_by_hand()
        faults = [fault for plan in plans if (fault := plan.fault(play.as_root(shlex.join(["sh", "-c", plan.script()]))))]
    record_property("", f"{len(plans)} plans")
    if faults:
        raise shell.Failed(f"{len(faults)} of {len(plans)}:\n" + "\n\n".join(faults))


@pytest.fixture(name="chroot")
def a_chroot(pytestconfig: pytest.Config, module_package: Callable[[str], package.Package]) -> Iterator[setup_chroot.Chroot]:
    program = static_program.get(pytestconfig.option.program)
    cell = next(each for each in setups.load() if each.name == "dhcp-ifupdown")
    with workplace("chroot", pytestconfig.option.keep) as work:
        yield setup_chroot.make(installed.get(cell, "13", module_package("13")), program, work)


@pytest.mark.extended
def test_leaves_what_was_there(chroot: setup_chroot.Chroot) -> None:
    """A machine with which something is wrong: a clear word, and nothing of setup's is left."""
    faults = []
    for case in setup_chroot.HOSTILE:
        (chroot.tree / "var/lib/dracut-sshd/setup.json").unlink(missing_ok=True)  # where a case mounted something
        before = chroot.state()
        said = chroot.run(*case.command, before=case.before)
        changed = [path for path in setup_chroot.differences(before, chroot.state()) if path != "var/lib/dracut-sshd/setup.json"]
        if said.status not in case.status or not re.search(case.says, said.output) or "\x1b" in said.output or changed:
            faults.append(f"{case.name}: status {said.status}, changed {changed}:\n{said.output[-1500:]}")
    if faults:
        raise shell.Failed("\n\n".join(faults))


@pytest.mark.extended
def test_refuses_a_second_one(chroot: setup_chroot.Chroot) -> None:
    """Two at once: the first ends as if it were alone, the second names it and changes nothing."""
    said = chroot.run("sh", "-euc", setup_chroot.TWICE)
    found = re.fullmatch(r"first (\d+) (\d+)\nsecond (\d+)\n(.*)", said.output, re.DOTALL)
    if found is None or found[2] not in ("0", "1", "4") or found[3] != "1" or f"another dracut-sshd setup is running (process {found[1]})" not in found[4]:
        raise shell.Failed(f"{said.output}\n[status {said.status}]")
    removed = chroot.run("dracut-sshd", "setup", "--remove")
    if "removed /etc/ssh/dracut_ssh_host_ed25519_key\n" not in removed.output:
        raise shell.Failed(f"the first one wrote no key:\n{removed.output}")


@pytest.mark.extended
def test_survives_being_killed(chroot: setup_chroot.Chroot, record_property: Callable[[str, object], None]) -> None:
    """Before each step that changes a file system. Then --remove leaves the machine as it was before setup."""
    if shutil.which("strace") is None:
        raise shell.Skipped("strace is not installed")
    before = chroot.state()
    for step in range(1, 500):
        said = chroot.killed_at(step)
        ended = said.status not in setup_chroot.KILLED
        removed = chroot.run("dracut-sshd", "setup", "--remove")
        if removed.status != 0:
            raise shell.Failed(f"killed before step {step}; setup --remove ended with {removed.status}: {removed.output}")
        if left := setup_chroot.differences(before, chroot.state()):
            raise shell.Failed(f"killed before step {step}; setup --remove leaves {', '.join(left)} changed:\n{said.output}\n{removed.output}")
        if ended:
            record_property("", f"killed at {step - 1} steps")
            # That it was killed nowhere is no answer: strace did not work, or setup did not come to its first step.
            if step == 1 or said.status not in (0, 1, 4):
                raise shell.Failed(f"not killed, setup ends with {said.status}: {said.output}")
            return
    raise shell.Failed("setup does not come to its end")
