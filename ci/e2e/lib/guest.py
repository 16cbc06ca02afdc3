# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest under qemu, without KVM, and its serial console."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import shell

# For every guest's kernel. Not among lsm=: bpf, in whose verifier emulated kernels have locked up, and apparmor, whose profiles
# cost them seconds, as do pages that are cleared twice, and the kernel's tests of its own ciphers.
ARGUMENTS = ("console=ttyS0", "lsm=lockdown,yama", "mitigations=off", "init_on_alloc=0", "cryptomgr.notests")
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


class Guest:
    def __init__(self, folder: Path, kernel: Path, initrd: Path, arguments: str, disks: list[Path], nics: list[str],
                 enter: list[str], unlinked: list[str]) -> None:
        self.folder = folder
        self.log = folder / "console.log"
        self._serial = folder / "serial.sock"
        if shutil.which("qemu-system-x86_64") is None:
            raise shell.Skipped("qemu-system-x86_64 is not installed")
        # One processor: two guests side by side, each emulated by two threads, take twice as long.
        argv = [*enter, "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none",
                "-machine", "q35", "-accel", "tcg,thread=multi", "-smp", "1", "-cpu", "max", "-m", "1024",
                "-chardev", f"socket,id=serial,path={self._serial},server=on,wait=off,logfile={self.log}", "-serial", "chardev:serial",
                "-device", "virtio-rng-pci", "-kernel", str(kernel), "-initrd", str(initrd), "-append", arguments]
        for disk in disks:
            argv += ["-drive", f"file={disk},if=virtio,format=raw,cache=unsafe,snapshot=on"]
        argv += nics
        self._monitor = folder / "monitor.sock"
        argv += ["-monitor", f"unix:{self._monitor},server=on,wait=off", "-device", "pcie-root-port,id=later,chassis=9,slot=9"]
        if unlinked:
            argv.append("-S")  # it must not see a link first
        (folder / "qemu.argv").write_text("\n".join(argv) + "\n")
        self._begin = time.monotonic()
        with (folder / "qemu.log").open("wb") as errors:
            self._process = shell.start(argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        if unlinked:
            self._command([f"set_link {card} off" for card in unlinked] + ["cont"])

    def _command(self, lines: list[str]) -> None:
        with self._connected(self._monitor) as monitor:
            for line in lines:
                monitor.sendall(line.encode() + b"\n")
                time.sleep(0.3)

    def plug(self, disk: Path) -> None:
        """A disk that was not there when the guest was started."""
        self._command([f"drive_add 0 if=none,id=late,file={disk},format=raw,cache=unsafe,snapshot=on",
                       "device_add virtio-blk-pci,drive=late,bus=later"])

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
        with self._connected(self._serial) as serial:
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
