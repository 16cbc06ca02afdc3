# SPDX-License-Identifier: GPL-3.0-or-later
"""Has `dracut-sshd unlock` unlock machines in a network namespace of their own, two of them side by side.

  good    a real encrypted root under qemu, with a tap device: its initramfs asks, and its real system has another host key
  wrong   an sshd that has another host key than the one that is known, and would write down whatever comes: it hears no login. As that ends
          no waiting, it is called alone, with a deadline of its own
  sealed  an sshd whose host key is not the one that is known for it, but the one that is known for the case that its TPM refuses
  late    an sshd that is down at first; with the right passphrase it makes room for another, with the real system's host key

The passphrase comes by a descriptor, and is then looked for: among all arguments and environments while it runs, in all logs, and in the
journal of the machine that it unlocked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import cell
import guest
import image
import machine
import network
import package
import places
import scenario
import shell
import verdict

LATE = 15.0  # seconds after which the late one comes
WITHIN = 900  # for everything, on a machine that has much else to do
SOON = 15  # for what does not come
ADDRESSES = {"wrong": "10.77.0.2", "late": "10.77.0.3", "sealed": "10.77.0.4"}
EARLY = """#!/bin/bash
# What an initramfs of this module's does, without keeping what it hears.
case $SSH_ORIGINAL_COMMAND in
  unlock*)
    IFS= read -r line
    [[ $(printf %s "$line" | sha256sum) == "{digest}"* ]] || {{ echo "refused: cryptroot" >&2; exit 1; }}
    touch {folder}/unlocked
    (sleep 0.3 && kill "$(<{folder}/pid)" && sleep 1 && exec {sshd} -f {folder}/real.conf) </dev/null >/dev/null 2>&1 &
    ;;
esac
"""
WRONG = "#!/bin/bash\n{{ echo \"$SSH_ORIGINAL_COMMAND\"; cat; }} >>{folder}/heard\n"
REAL = "#!/bin/bash\nexit 97\n"  # as where there is no /etc/initrd-release; it does not say whether it is going down
CONFIG = """ListenAddress {address}:22
HostKey {folder}/{key}
AuthorizedKeysFile {keys}
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
LogLevel DEBUG3
PidFile {folder}/pid
ForceCommand {folder}/{script}
"""


class Spy(threading.Thread):
    """Looks for a text among the arguments and the environments of all processes, until it is told to end."""

    def __init__(self, text: str) -> None:
        super().__init__(daemon=True)
        self._text = text.encode()
        self._end = threading.Event()
        self.found: list[str] = []
        self.looks = 0

    def run(self) -> None:
        while not self._end.wait(0.25):
            self.looks += 1
            for process in Path("/proc").iterdir():
                if process.name.isdigit() and process.name != str(os.getpid()):
                    for name in ("cmdline", "environ"):
                        try:
                            data = (process / name).read_bytes()
                        except OSError:
                            continue
                        if self._text in data:
                            self.found.append(f"{process.name}: {name} of {data.split(bytes(1))[0].decode(errors='replace')}")

    def end(self) -> None:
        self._end.set()
        self.join()


class Stand:
    """The three machines, and what the client knows of them."""

    def __init__(self, site: machine.Site, work: Path) -> None:
        self.site = site
        self.work = work
        self.passphrase = site.passphrase("root")
        self.net = network.Network(scenario.Network(mode="tap", setup=tuple(f"ip address add {address}/24 dev br0" for address in ADDRESSES.values())), work)
        self.sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin") or ""
        if not self.sshd:
            raise shell.Skipped("sshd is not installed")
        Path("/run/sshd").mkdir(exist_ok=True)
        shutil.copy(site.folder / "key", work / "key")
        (work / "key").chmod(0o600)

    def prepare(self, name: str, script: str) -> None:
        folder = self.work / name
        folder.mkdir()
        for key in ("early", "real", "known"):
            shell.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)])
        digest = hashlib.sha256(self.passphrase.encode()).hexdigest()
        for part, text in (("early", script), ("real", REAL)):
            (folder / f"{part}.sh").write_text(text.format(folder=folder, sshd=self.sshd, digest=digest) if text != REAL else text)
            (folder / f"{part}.sh").chmod(0o755)
            (folder / f"{part}.conf").write_text(CONFIG.format(address=ADDRESSES[name], folder=folder, key=part, script=f"{part}.sh",
                                                              keys=self.site.folder / "key.pub"))

    def start(self, name: str) -> None:
        folder = self.work / name
        self.net.background([self.sshd, "-D", "-E", str(folder / "sshd.log"), "-f", str(folder / "early.conf")])

    def know(self, good: str) -> None:
        """Of `wrong` another key than it has."""
        keys = {"good-initramfs": self.site.text("dracut_ssh_host_ed25519_key.pub"), good: self.site.text("etc/ssh/ssh_host_ed25519_key.pub"),
                "late-initramfs": (self.work / "late/early.pub").read_text(), ADDRESSES["late"]: (self.work / "late/real.pub").read_text(),
                "wrong-initramfs": (self.work / "wrong/known.pub").read_text(), ADDRESSES["wrong"]: (self.work / "wrong/real.pub").read_text(),
                "sealed-initramfs": (self.work / "sealed/known.pub").read_text(), ADDRESSES["sealed"]: (self.work / "sealed/real.pub").read_text(),
                "sealed-initramfs-unsealed": (self.work / "sealed/early.pub").read_text()}
        (self.work / "known").write_text("".join(f"{name} {' '.join(key.split()[:2])}\n" for name, key in keys.items()))
        lines = [f"Host {name}\n  HostName {address}\n" for name, address in {"good": good, **ADDRESSES}.items()]
        lines.append(f"Host *\n  IdentityFile {self.work / 'key'}\n  IdentitiesOnly yes\n  GlobalKnownHostsFile /dev/null\n"
                     f"  UserKnownHostsFile {self.work / 'known'}\n")
        (self.work / "config").write_text("".join(lines))

    def unlock(self, *more: str, within: int = WITHIN) -> tuple[int, str, str]:
        """Its status, and what it prints."""
        there, here = os.pipe()
        os.write(here, self.passphrase.encode() + b"\n")
        os.close(here)
        argv = [*self.net.enter, str(verdict.program()), "unlock", "-F", str(self.work / "config"), "--deadline", str(within),
                "--passphrase-fd", str(there), *more]
        done = subprocess.Popen(argv, pass_fds=[there], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(there)
        try:
            out, err = done.communicate(timeout=WITHIN + 60)
        finally:
            done.kill()
        (self.work / f"unlock{len(list(self.work.glob('unlock*')))}.log").write_bytes(out + err)
        print(err.decode(errors="replace") + out.decode(errors="replace"), end="", flush=True)
        return done.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def wait_for_lease(stand: Stand, machine_: guest.Guest) -> str:
    deadline = shell.Deadline(300)
    while not (where := stand.net.where()):
        machine_.look()
        if deadline.left() < 0:
            raise shell.Failed(f"the guest asks for no address: {machine_.console()[-600:]}")
        shell.pause(0.3)
    return where[0]


@dataclass(frozen=True)
class Said:
    """What `dracut-sshd unlock` came to: its exit status, what it prints, and what it says meanwhile."""
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Seen:
    both: Said  # of good and late
    wrong: Said
    wrong_log: str  # of its sshd
    wrong_heard: bool
    unsealed: Said  # of sealed
    unsealed_log: str  # of its sshd by then
    accepted: Said  # of sealed with --accept-unsealed
    again: Said  # of good and late, once more, as JSON
    real: str  # the marker and the journal of what is up
    marker: str  # what the marker has to be
    passphrase: str
    looks: int
    in_processes: list[str]  # arguments and environments that had the passphrase
    in_files: list[str]


def play(stand: Stand, good: guest.Guest) -> Seen:
    stand.prepare("wrong", WRONG)
    stand.prepare("late", EARLY)
    stand.prepare("sealed", EARLY)
    stand.start("wrong")
    stand.start("sealed")
    stand.know(wait_for_lease(stand, good))
    spy = Spy(stand.passphrase)
    spy.start()
    later = threading.Timer(LATE, lambda: stand.start("late"))
    later.start()
    try:
        both = Said(*stand.unlock("good", "late"))
        wrong = Said(*stand.unlock("wrong", within=SOON))
        unsealed = Said(*stand.unlock("sealed", within=SOON))
        unsealed_log = (stand.work / "sealed/sshd.log").read_text(errors="replace")
        accepted = Said(*stand.unlock("--accept-unsealed", "sealed", within=SOON * 4))
    finally:
        later.cancel()
        spy.end()
    good.look()
    if both.status != 0:  # nothing is up that could be asked
        raise shell.Failed(f"both are to be unlocked; the exit status is {both.status}:\n{both.err}{both.out}")
    again = Said(*stand.unlock("--json", "good", "late"))
    real = shell.run([*stand.net.enter, "ssh", "-F", str(stand.work / "config"), "root@good",
                      f"cat /{machine.MARKER}; journalctl --boot --no-pager"], timeout=180).output
    held = [str(path) for path in stand.work.rglob("*") if path.is_file() and path.name != "initrd" and stand.passphrase.encode() in path.read_bytes()]
    return Seen(both, wrong, (stand.work / "wrong/sshd.log").read_text(errors="replace"), (stand.work / "wrong/heard").exists(), unsealed,
                unsealed_log, accepted, again, real,
                stand.site.text("marker"), stand.passphrase, spy.looks, spy.found, held)


def run(site: machine.Site, module: package.Package, work: Path) -> Seen:
    made = image.get(site, module, scenario.Image(kind="plain"))
    stand = Stand(site, work)
    try:
        wish = scenario.Scenario("unlock", Path(__file__), "unlock")
        good = guest.Guest(work, made.kernel, made.initrd, cell.kernel_arguments(site, wish), [site.folder / "root.img"], stand.net.nics,
                           stand.net.enter, [])
        try:
            return play(stand, good)
        finally:
            good.end()
    finally:
        stand.net.end()
        for name in ADDRESSES:
            if (pid := work / name / "pid").exists():
                try:
                    os.kill(int(pid.read_text()), signal.SIGTERM)
                except (OSError, ValueError):
                    pass


def keep(work: Path) -> None:
    """The logs of what failed, without keys."""
    folder = places.logs / "unlock"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(work, folder, ignore=shutil.ignore_patterns("*.sock", "key", "early", "real", "known"))
    print(f"logs: {folder}", flush=True)


@pytest.fixture(scope="module", params=[
    pytest.param(suite, marks=[pytest.mark.extended if suite == "13" else pytest.mark.all, pytest.mark.xdist_group(f"unlock-{suite}")])
    for suite in scenario.SUITES])
def seen(request: pytest.FixtureRequest, site: Callable[[str], machine.Site], module_package: Callable[[str], package.Package]) -> Iterator[Seen]:
    """All of it, once; when the guest's own kernel died, once more."""
    suite: str = request.param
    before = request.session.testsfailed
    work = Path(tempfile.mkdtemp(prefix="dracut-sshd-unlock."))
    try:
        try:
            found = run(site(suite), module_package(suite), work)
        except guest.Died as reason:
            print(f"once more, because {reason}", flush=True)
            shutil.rmtree(work)
            work.mkdir()
            found = run(site(suite), module_package(suite), work)
        yield found
        if request.session.testsfailed != before or request.config.option.keep:
            keep(work)
    except shell.Failed:
        keep(work)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def test_unlocks_both(seen: Seen) -> None:
    assert seen.both.status == 0


def test_sees_the_real_system_of_good(seen: Seen) -> None:
    """With its own host key."""
    assert re.search(r"^good +unlocked", seen.both.out, re.MULTILINE)


def test_waits_for_late(seen: Seen) -> None:
    assert re.search(r"^late +unlocked", seen.both.out, re.MULTILINE)
    assert "late [" in seen.both.err and "no answer yet" in seen.both.err


def test_tells_of_a_wrong_host_key(seen: Seen) -> None:
    assert seen.wrong.status == 5
    assert re.search(r"^wrong +WRONG HOST KEY", seen.wrong.out, re.MULTILINE)


def test_sends_a_wrong_host_nothing(seen: Seen) -> None:
    """It was connected to, and heard neither a name nor a key, and no passphrase."""
    assert "Connection from" in seen.wrong_log
    assert not re.search(r"userauth-request|Accepted|session opened", seen.wrong_log)
    assert not seen.wrong_heard


def test_sends_nothing_where_the_tpm_did_not_open_the_host_key(seen: Seen) -> None:
    """The host has proven its unsealed key, and then heard nothing more."""
    assert seen.unsealed.status == 5
    assert re.search(r"^sealed +UNSEALED HOST KEY", seen.unsealed.out, re.MULTILINE)
    assert "Connection from" in seen.unsealed_log
    assert not re.search(r"Accepted|session opened", seen.unsealed_log)


def test_sends_it_all_the_same_if_told(seen: Seen) -> None:
    assert seen.accepted.status == 0
    assert re.search(r"^sealed +unlocked", seen.accepted.out, re.MULTILINE)


def test_says_what_is_up_already(seen: Seen) -> None:
    assert seen.again.status == 0
    events = [json.loads(line) for line in seen.again.out.splitlines()]
    assert {each["host"]: each["outcome"] for each in events if each["event"] == "result"} == {"good": "already-up", "late": "already-up"}
    assert events[-1] == events[-1] | {"event": "end", "outcomes": {"already-up": 2}, "exit": 0}


def test_brings_up_the_encrypted_root(seen: Seen) -> None:
    assert seen.marker in seen.real


def test_keeps_the_passphrase_from_the_journal(seen: Seen) -> None:
    assert seen.passphrase not in seen.real


def test_keeps_the_passphrase_from_arguments_and_environments(seen: Seen) -> None:
    assert seen.looks > 20
    assert not seen.in_processes


def test_keeps_the_passphrase_from_logs(seen: Seen) -> None:
    assert not seen.in_files
