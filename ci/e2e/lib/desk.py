# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin's desk: OpenSSH's client and `dracut-sshd unlock`, with a configuration and known_hosts of its own. Of the machine it knows at
first the real system's host key alone; all else is what `dracut-sshd setup` prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import machine
import shell
import verdict

KEY_LINE = re.compile(r"^\s*(?:@\S+ )?(\S+ (?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]{40,}=*)(?: .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Printed:
    """What setup prints for the client."""
    known_hosts: tuple[str, ...]
    stanza: str
    name: str  # that `dracut-sshd unlock` is told


def read(text: str) -> Printed:
    """Out of setup's output: lines of known_hosts, and from "Host NAME" to the line that is indented no further."""
    lines = text.splitlines()
    keys = tuple(found[1] for found in map(KEY_LINE.match, lines) if found)
    at = next((number for number, line in enumerate(lines) if re.match(r"\s*Host \S", line)), None)
    unlock = unlock_name(text)
    if not keys or at is None or not unlock:
        lacks = "known_hosts line" if not keys else "stanza of ssh_config" if at is None else "line for dracut-sshd unlock"
        raise shell.Failed(f"setup prints no {lacks}:\n{text}")
    indent = len(lines[at]) - len(lines[at].lstrip())
    stanza = [lines[at].strip()]
    for line in lines[at + 1:]:
        if len(line) - len(line.lstrip()) <= indent or not line.strip():
            break
        stanza.append("  " + line.strip())
    return Printed(keys, "\n".join(stanza) + "\n", unlock)


def unlock_name(text: str) -> str:
    """The last word of the printed command; "" if there is none."""
    found = re.search(r"^\s*dracut-sshd unlock (?:.* )?(\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


class Desk:
    def __init__(self, site: machine.Site, work: Path, enter: list[str]) -> None:
        self.folder = work / "desk"
        self.folder.mkdir(mode=0o700)
        self.log = work / "desk.log"
        self._site, self._enter = site, enter
        self.config, self.known = self.folder / "config", self.folder / "known_hosts"
        for name in ("key", "other"):
            shutil.copy(site.folder / name, self.folder / name)
            (self.folder / name).chmod(0o600)
        self.known.write_text("")
        self._write_config("")

    def _write_config(self, stanza: str) -> None:
        self.config.write_text(f"{stanza}Host *\n  IdentityFile {self.folder / 'key'}\n  IdentitiesOnly yes\n  BatchMode yes\n  StrictHostKeyChecking yes\n"
                               f"  GlobalKnownHostsFile /dev/null\n  UserKnownHostsFile {self.known}\n  ConnectTimeout 8\n"
                               "  ServerAliveInterval 10\n  ServerAliveCountMax 30\n")

    def knows_real(self, address: str) -> None:
        """As after the first login, long ago."""
        line = f"{address} {' '.join(self._site.text('etc/ssh/ssh_host_ed25519_key.pub').split()[:2])}\n"
        if line not in self.known.read_text():
            self.known.write_text(self.known.read_text() + line)

    def learn(self, printed: Printed) -> None:
        with self.known.open("a") as file:
            file.write("".join(f"{line}\n" for line in printed.known_hosts))
        self._write_config(printed.stanza)

    def ssh(self, to: str, command: str, timeout: float = 60, stdin: bytes = b"") -> shell.Result:
        result = shell.run([*self._enter, "ssh", "-F", str(self.config), to, command], timeout=timeout, check=False, stdin=stdin)
        self._note(f"ssh {to} {command}", result)
        return result

    def set_up(self, program: Path, to: str, options: Sequence[str], timeout: float) -> shell.Result:
        """`dracut-sshd setup USER@HOST`, which writes this desk's own files."""
        argv = [*self._enter, str(program), "setup", "--yes", "-F", str(self.config), *options, to]
        result = shell.run(argv, timeout=timeout, check=False)
        self._note(" ".join(argv[len(self._enter):]), result)
        return result

    def unlock(self, name: str, passphrase: str, within: float) -> shell.Result:
        """`dracut-sshd unlock NAME`; the passphrase comes by a descriptor."""
        there, here = os.pipe()
        os.write(here, passphrase.encode() + b"\n")
        os.close(here)
        argv = [*self._enter, str(verdict.program()), "unlock", "-F", str(self.config), "--deadline", str(round(within * shell.patience)),
                "--passphrase-fd", str(there), name]
        process = shell.start(argv, pass_fds=[there], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.close(there)
        try:
            output, _ = process.communicate(timeout=within * shell.patience + 60)
            result = shell.Result(process.returncode, output.decode(errors="replace"))
        except subprocess.TimeoutExpired:
            result = shell.Result(124, "dracut-sshd unlock does not keep its deadline")
        finally:
            shell.end(process)
        self._note(f"dracut-sshd unlock {name}", result)
        return result

    def _note(self, what: str, result: shell.Result) -> None:
        with self.log.open("a") as log:
            log.write(f"[{time.strftime('%H:%M:%S')}] {what}\n{result.output}[status {result.status}]\n")
