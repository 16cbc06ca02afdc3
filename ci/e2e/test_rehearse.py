# SPDX-License-Identifier: GPL-3.0-or-later
"""Has `dracut-sshd rehearse` boot real images, kills it at any moment, and looks at what it leaves: nothing. Everything is emulated."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import arch
import catalog
import cell
import cpio
import guest
import image
import machine
import package
import places
import rehearsed
import scenario
import shell
import verdict

# Of test_boot.py's cells: two that pass, and one that has to fail at its step. The first is the core's.
CELLS = (("12", "login-agent"), ("13", "host-only"), ("13", "refused-keys-mode"))
NOBODY = 65534
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
# After which line of its report a kill comes, and how many seconds later at most.
MOMENTS = {"reading": ("", 2.5), "booting": ("the kernel starts", 12.0), "ssh": ("sshd answers", 8.0)}
GONE = 3.0  # seconds after which nothing is left, where the machine is not busy


def gone() -> float:
    """The same for a machine that has much else to do."""
    return GONE * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Stand:
    """A lean image in a folder of its own, which others may read, and a home and scratch files beside it."""

    def __init__(self, site: machine.Site, made: image.Image) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="dracut-sshd-e2e-rehearse."))
        self.work.chmod(0o755)
        for name, file in (("initrd", made.initrd), ("linux", made.kernel), ("dracut-sshd", verdict.program())):
            shutil.copy(file, self.work / name)
            (self.work / name).chmod(0o755 if name == "dracut-sshd" else 0o644)
        self.arguments = f"rd.luks.name={site.uuid('root')}=cryptroot root=/dev/mapper/cryptroot rw"
        self.environment = rehearsed.environment(self.work)
        (self.work / "current").mkdir()  # where it is started; only root may write there
        (self.work / "home/.ssh").mkdir(exist_ok=True)
        (self.work / "home/.ssh/known_hosts").write_text("e2e ssh-ed25519 AAAA\n")
        self.before = self.state()

    def argv(self, image: str = "initrd", arguments: str = "") -> list[str]:
        words = rehearsed.argv(self.work / image, self.work / "linux", arguments or self.arguments, ["--patience", "600"])
        return [str(self.work / "dracut-sshd"), *words[1:]]

    def state(self) -> str:
        return places.digest(self.work / "initrd", self.work / "linux", *self._home())

    def _home(self) -> list[object]:
        return [part for path in sorted((self.work / "home").rglob("*")) for part in (str(path), path if path.is_file() else "")]

    def left(self) -> list[str]:
        """Processes that have a scratch file among their arguments, and the scratch files."""
        found = [str(path) for name in ("scratch", "current") for path in (self.work / name).iterdir()]
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(str(self.work / "scratch") in word for word in words):
                found.append(f"process {process.name} ({words[0]})")
        return found

    def look(self) -> float:
        """Nothing is left, after some seconds at most: after how many."""
        deadline = shell.Deadline(gone())
        while left := self.left():
            if deadline.left() < 0:
                raise shell.Failed(f"after {deadline.seconds:.0f} s there is still: {', '.join(left)}")
            shell.pause(0.1)
        if self.state() != self.before:
            raise shell.Failed("the image, the kernel or the home is not what it was")
        return deadline.elapsed()

    def end(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def emulator(as_root: None) -> None:
    if shutil.which(arch.here().qemu) is None:
        raise shell.Skipped(f"{arch.here().qemu} is not installed")


@pytest.fixture
def stand(site: Callable[[str], machine.Site], module_package: Callable[[str], package.Package]) -> Iterator[Stand]:
    there = site("13")
    made = Stand(there, image.get(there, module_package("13"), scenario.Image(kind="hostonly")))
    yield made
    made.end()


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    return pytestconfig.option.seed if pytestconfig.option.seed is not None else random.randrange(10**6)


@pytest.mark.parametrize(("suite", "name"), [
    pytest.param(suite, name, id=f"{name}:{suite}", marks=pytest.mark.core if (suite, name) == CELLS[0] else pytest.mark.extended)
    for suite, name in CELLS])
def test_agrees_with_the_boot(suite: str, name: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]) -> None:
    """The cell's own disks stay what they are."""
    # Those of layouts are touched when they are used: their time tells when they were used last.
    disks = {path: path.stat().st_mtime_ns for path in places.cache.glob("boot-site-*/*.img") if not path.name.startswith("layout-")}
    outcome = cell.rehearse(suite, catalog.get(name), cell.Options(pytestconfig.option.package))
    for text in outcome.words():
        record_property("", text)
    if outcome.result == "skipped":
        raise shell.Skipped(outcome.reason)
    if outcome.failed:
        raise shell.Failed(outcome.disagreement or outcome.reason)
    for path, changed in disks.items():
        if path.exists() and path.stat().st_mtime_ns != changed:
            raise shell.Failed(f"{path} was written to")


@pytest.mark.extended
def test_user(stand: Stand, record_property: Callable[[str, object], None]) -> None:
    """An ordinary user, with no more than an image that may be read; its crypttab names a partition."""
    for name in ("home", "scratch"):
        for path in (stand.work / name, *(stand.work / name).rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    crypttab = cpio.archive([cpio.Entry("etc/crypttab", 0o100644, f"cryptroot PARTUUID={uuid.uuid4()} none luks\n".encode())])
    guest.join([stand.work / "initrd", crypttab], stand.work / "partition")
    (stand.work / "partition").chmod(0o644)
    argv = ["env", f"--chdir={stand.work / 'current'}", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            *stand.argv("partition", "root=/dev/mapper/cryptroot rw")]
    done = shell.run(argv, timeout=1500, check=False, env=stand.environment)
    if done.status != 0:
        raise shell.Failed(f"it ended with {done.status}: {done.output.strip()[-1200:]}")
    record_property("", done.output.splitlines()[-1])
    stand.look()


class Watched:
    """A rehearsal whose lines are read as they come."""

    def __init__(self, stand: Stand) -> None:
        self.process = shell.start(stand.argv(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env=stand.environment, cwd=stand.work / "current")
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line.decode(errors="replace")

    def wait_for(self, line: str, within: float) -> None:
        deadline = shell.Deadline(within)
        while line not in self.text:
            if self.process.poll() is not None or deadline.left() < 0:
                self._reader.join(1)
                raise shell.Failed(f"no \"{line}\", but (status {self.process.poll()}): {self.text.strip()[-600:]}")
            shell.pause(0.05)


@pytest.mark.parametrize(("sign", "moment"), [
    pytest.param(sign, moment, id=f"{sign.name}:{moment}",
                 marks=pytest.mark.all if moment == "ssh" else pytest.mark.core if (sign, moment) == (signal.SIGKILL, "booting") else pytest.mark.extended)
    for moment in MOMENTS for sign in SIGNALS])
def test_kill(sign: signal.Signals, moment: str, stand: Stand, seed: int, record_property: Callable[[str, object], None]) -> None:
    """It is ended while it reads, while the machine boots, while ssh runs; the moments are drawn, by --seed."""
    line, most = MOMENTS[moment]
    later = random.Random(f"{seed} {sign.name} {moment}").uniform(0, most)
    place = f"after \"{line}\"" if line else "after its start"
    record_property("", f"{later:.1f} s {place} (--seed {seed})")
    watched = Watched(stand)
    try:
        watched.wait_for(line, 900)
        shell.pause(later)
        os.kill(watched.process.pid, sign)
        try:
            status = watched.process.wait(gone())
        except subprocess.TimeoutExpired as late:
            raise shell.Failed(f"it does not end after {sign.name}: {watched.text.strip()[-300:]}") from late
        after = stand.look()
    finally:
        shell.end(watched.process)
    record_property("", f"status {status}, nothing is left after {after:.1f} s")


@pytest.mark.all
def test_row(stand: Stand, pytestconfig: pytest.Config) -> None:
    """So many rehearsals, one after the other."""
    count = pytestconfig.option.row
    died = 0
    for number in range(1, count + 1):
        begin = time.monotonic()
        done = shell.run(["env", f"--chdir={stand.work / 'current'}", *stand.argv()], timeout=1500, check=False, env=stand.environment)
        # The emulator's own faults end a guest now and then; the report of such a one is below the home.
        kernel_died = done.status == 1 and "the kernel died" in done.output
        if done.status != 0 and not kernel_died:
            raise shell.Failed(f"rehearsal {number} of {count} ended with {done.status}: {done.output.strip()[-1200:]}")
        shutil.rmtree(stand.work / "home/.local", ignore_errors=True)
        stand.look()
        if kernel_died:
            died += 1
            print(f"  {number} of {count}: the guest's kernel died, nothing is left", flush=True)
            if died > 1 + count // 10:
                raise shell.Failed(f"{died} guests of {number} died: {done.output.strip()[-1200:]}")
            continue
        print(f"  {number} of {count}: passed in {time.monotonic() - begin:.0f} s, nothing is left", flush=True)
