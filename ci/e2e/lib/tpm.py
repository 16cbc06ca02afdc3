# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's TPM: swtpm, whose state is kept beside the machine's disks.

Two users: programs of a root, while an image or a disk is made (reachable), and a guest under qemu (Emulator). A guest gets a copy of the
state, so that it changes nothing for the next one. The values of PCRs are in no state: they begin anew when the guest starts, and so only a
PCR that no firmware and no kernel measures into (16, 23) has the same value in both."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import arch
import machine
import places
import shell

# What a root needs, so that systemd can use a TPM there: the libraries that it opens by name, and the driver for swtpm's socket.
PACKAGES = ("tpm2-tools", "libtss2-tcti-device0", "libtss2-tcti-swtpm0")
OWN, OTHER = "own", "other"  # TPMs: this machine's, and another machine's
PCR = 23
STATE = "tpm2-00.permall"
# In a root: systemd's name for the TPM that is reachable there is "swtpm:path=" and this.
PLACE = "var/tmp/tpm"
DEVICE = f"swtpm:path=/{PLACE}"


def _start(folder: Path, options: list[str], log: Path) -> subprocess.Popen[bytes]:
    if shutil.which("swtpm") is None:
        raise shell.Skipped("swtpm is not installed; ci/deps core installs it")
    with log.open("ab") as file:
        return shell.start(["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder},mode=0600", *options],
                           stdin=subprocess.DEVNULL, stdout=file, stderr=file)


def _await(path: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    # With its name it does not listen yet; the flag is __SO_ACCEPTCON. To connect would end a swtpm that is to end with its client.
    def listens() -> bool:
        return any(line.endswith(f" {path}") and line.split()[3] == "00010000" for line in Path("/proc/net/unix").read_text().splitlines())

    deadline = shell.Deadline(20)
    while not listens():
        if process.poll() is not None or deadline.left() < 0:
            raise shell.Failed(f"swtpm did not start: {log.read_text(errors='replace').strip()[-600:]}")
        shell.pause(0.05)


@contextlib.contextmanager
def _serving(folder: Path, path: Path) -> Iterator[None]:
    """swtpm for programs, at two sockets: as the driver "swtpm" of tpm2-tss expects, the second has the first's name and ".ctrl"."""
    control = path.with_name(path.name + ".ctrl")
    log = folder / "log"
    process = _start(folder, ["--server", f"type=unixio,path={path}", "--ctrl", f"type=unixio,path={control}", "--flags", "not-need-init,startup-clear"],
                     log)
    try:
        for each in (path, control):
            _await(each, process, log)
        yield
        # A TPM that only lost its power counts that as a try at a key; after some it opens nothing for a while.
        _command(path, "TPM2_Shutdown", 0x8001, 0x00000145, b"\0\0")
    finally:
        shell.end(process)
        for each in (path, control, log, folder / ".lock"):
            each.unlink(missing_ok=True)


def _command(path: Path, name: str, tag: int, code: int, body: bytes) -> None:
    """One command of the TPM 2.0 library, part 3. (The machine that runs the tests may have no other program for that.)"""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(struct.pack(">HII", tag, 10 + len(body), code) + body)
        said = client.recv(4096)
    if len(said) < 10 or struct.unpack(">HII", said[:10])[2] != 0:
        raise shell.Failed(f"{name}: the TPM said {said.hex()}")


def _authorized(path: Path, name: str, code: int, handle: int, body: bytes = b"") -> None:
    """One that wants an authorization, with an empty password."""
    session = struct.pack(">IHBH", 0x40000009, 0, 0, 0)
    _command(path, name, 0x8002, code, struct.pack(">II", handle, len(session)) + session + body)


def _extend(path: Path, pcr: int) -> None:
    """In the bank of SHA-256."""
    _authorized(path, "TPM2_PCR_Extend", 0x00000182, pcr, struct.pack(">IH", 1, 0x000B) + b"\1" * 32)


def state(site: machine.Site, name: str = OWN) -> Path:
    """The folder of a TPM's state, made when it is asked for first."""
    folder = site.folder / f"tpm-{name}"
    with places.locked(folder):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="boot-tpm-", dir=places.cache) as work:
                made = Path(work) / "state"
                made.mkdir(mode=0o700)
                with _serving(made, Path(work) / "s"):
                    deadline = shell.Deadline(20)
                    while not (made / STATE).exists():
                        if deadline.left() < 0:
                            raise shell.Failed(f"swtpm left no {STATE} in its folder")
                        shell.pause(0.05)
                made.rename(folder)
    return folder


@contextlib.contextmanager
def reachable(site: machine.Site, tree: Path, *, name: str = OWN, changed: bool = False) -> Iterator[str]:
    """While this lasts, programs in the tree reach the TPM by what is yielded (as in --tpm2-device=). What they store in it stays. With
    `changed` PCR 23 has another value than in a guest that has just started, and what is sealed to it opens in none."""
    folder = state(site, name)
    place = tree / PLACE
    place.parent.mkdir(parents=True, exist_ok=True)
    # The name of a socket is short, and a cache's folder may not be: swtpm gets another way to the same folder.
    with places.locked(folder), tempfile.TemporaryDirectory(prefix="tpm.") as short:
        way = Path(short) / "t"
        way.symlink_to(place.parent)
        with _serving(folder, way / place.name):
            # Somebody may have killed the one before this one.
            _authorized(way / place.name, "TPM2_DictionaryAttackLockReset", 0x00000139, 0x4000000A)
            if changed:
                _extend(way / place.name, PCR)
            yield DEVICE


class Emulator:
    """For one guest, in the guest's folder; it ends with the guest."""

    def __init__(self, site: machine.Site, work: Path, name: str = OWN) -> None:
        folder = work / "tpm"
        source = state(site, name)
        folder.mkdir(mode=0o700)
        with places.locked(source):
            shutil.copy(source / STATE, folder / STATE)
        os.chmod(folder / STATE, 0o600)
        path = work / "tpm.sock"
        log = work / "swtpm.log"
        self._process = _start(folder, ["--ctrl", f"type=unixio,path={path}", "--terminate"], log)
        try:
            _await(path, self._process, log)
        except BaseException:
            self.end()
            raise
        model = "tpm-tis-device" if arch.here().name == "arm64" else "tpm-crb"
        self.arguments = ["-chardev", f"socket,id=tpm,path={path}", "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", f"{model},tpmdev=tpm0"]

    def end(self) -> None:
        shell.end(self._process)
