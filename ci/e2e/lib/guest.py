# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest under qemu, without KVM, and its serial console."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import arch
import places
import shell
import tpm
from monitor import Monitor

# The emulator's faults, or the kernel's; none of them is the module's.
DEATH = re.compile(r"Kernel panic - not syncing|BUG: unable to handle|Oops: ")
# It may live on after these; they explain a failure.
STALL = re.compile(r"watchdog: BUG: soft lockup|rcu_\w+ detected stalls|rcu_\w+ self-detected stall")


class Died(shell.Failed):
    """The guest's kernel, or qemu itself, came to its end."""


def join(parts: list[Path | bytes], image: Path) -> None:
    """One image of several archives, as a boot loader hands them to the kernel."""
    with open(os.open(image, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for part in parts:
            file.write(part if isinstance(part, bytes) else part.read_bytes())
            file.write(b"\0" * (-file.tell() % 512))


def program() -> Path:
    """It says what qemu is to be called with, by the code of `dracut-sshd rehearse`: there is one way to boot."""
    file = places.build / "orchestrator/tests/qemu-arguments"
    if not file.exists():
        raise shell.Failed("qemu-arguments is not built: cmake -S . -B build -DBUILD_TESTING=ON && cmake --build build")
    return file


@functools.cache
def arguments() -> tuple[str, ...]:
    """For every guest's kernel."""
    return tuple(shell.run([str(program()), "--cmdline", str(arch.here().elf)]).output.split())


class Guest:
    def __init__(self, folder: Path, kernel: Path, initrd: Path, cmdline: str, disks: list[Path], nics: list[dict[str, str]],
                 enter: list[str], unlinked: list[str], own_disks: Sequence[Path] = (),
                 firmware: dict[str, object] | None = None, emulator: tpm.Emulator | None = None) -> None:
        """With a firmware (uki.firmware), kernel, initrd and cmdline are in what it starts. What is written to `disks` is thrown away; what is
        written to `own_disks`, which come after them, stays."""
        self.folder = folder
        self._tpm = emulator
        self.log = folder / "console.log"
        self._keyboard = folder / "serial.sock"
        if shutil.which(arch.here().qemu) is None:
            raise shell.Skipped(f"{arch.here().qemu} is not installed")
        self._monitor = Monitor()
        descriptor = self._monitor.theirs.fileno()
        # One processor: two guests side by side, each emulated by two threads, take twice as long.
        wanted = {"elf_machine": arch.here().elf, "kernel": str(kernel), "initrd": str(initrd), "cmdline": cmdline, "memory": 1024, "processors": 1,
                  "disks": [str(disk) for disk in disks], "own_disks": [str(disk) for disk in own_disks], "nics": nics, "console": str(self.log), "keyboard": str(self._keyboard),
                  "monitor": descriptor, "firmware": firmware}
        qemu = json.loads(shell.run([str(program())], stdin=json.dumps(wanted).encode()).output)
        argv = [*enter, "setpriv", "--pdeathsig", "KILL", *qemu, *(emulator.arguments if emulator else []), *(["-S"] if unlinked else [])]  # it must not see a link first
        (folder / "qemu.argv").write_text("\n".join(argv) + "\n")
        self._begin = time.monotonic()
        with (folder / "qemu.log").open("wb") as errors:
            self._process = shell.start(argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, pass_fds=(descriptor,))
        try:
            self._monitor.begin()
            for card in unlinked:
                self._monitor.command("set_link", name=card, up=False)
            if unlinked:
                self._monitor.command("cont")
        except shell.Failed as reason:
            self.end()
            raise Died(f"{reason}: {(folder / 'qemu.log').read_text(errors='replace').strip()}") from reason
        except BaseException:
            self.end()
            raise

    def plug(self, disk: Path) -> None:
        """A disk that was not there when the guest was started."""
        self._monitor.human(f"drive_add 0 if=none,id=late,file={disk},format=raw,cache=unsafe,snapshot=on")
        self._monitor.command("device_add", driver="virtio-blk-pci", drive="late", bus="later")

    def _connected(self, path: Path) -> socket.socket:
        for _ in range(50):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(5)
            try:
                client.connect(str(path))
                return client
            except OSError:
                client.close()
                shell.pause(0.2)
        raise Died(f"qemu does not answer: {(self.folder / 'qemu.log').read_text()}")

    def console(self) -> str:
        """All that it printed so far, without the escape sequences."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r", "", text)

    def type(self, text: str) -> None:
        """On the serial console's keyboard."""
        with self._connected(self._keyboard) as serial:
            for character in text:
                serial.sendall(character.encode())
                time.sleep(0.03)
            time.sleep(0.3)

    def look(self) -> None:
        """Raises what ends every waiting: Ctrl-C, or the guest's end."""
        shell.pause(0)
        if death := DEATH.search(self.console()):
            raise Died(f"the guest's kernel died: {death[0]}")
        if self._process.poll() is not None:
            said = (self.folder / "qemu.log").read_text(errors="replace").strip()
            raise Died(f"qemu has ended with {self._process.returncode}: {said or self.console()[-300:]}")

    def stalled(self) -> str:
        found = STALL.search(self.console())
        return found[0] if found else ""

    def processor(self) -> float:
        """Seconds of the processor that it has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        shell.end(self._process)
        self._monitor.end()
        if self._tpm is not None:
            self._tpm.end()
