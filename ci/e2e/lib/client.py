# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ssh client. It knows which host key has to be there: the initramfs's own, or the real system's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import shell
from machine import Site


class Client:
    def __init__(self, site: Site, folder: Path, enter: list[str]) -> None:
        self.site = site
        self.log = folder / "ssh.log"
        self._enter = enter
        self._known = {}
        for stage, names in (("initrd", ["dracut_ssh_host_ed25519_key.pub"]), ("real", ["etc/ssh/ssh_host_ed25519_key.pub"]),
                             ("sealed", ["sealed_host_key.pub"]), ("unsealed", ["unsealed_host_key.pub"]), ("ca", [])):
            file = folder / f"known_hosts.{stage}"
            lines = [f"e2e {site.text(name)}\n" for name in names] or [f"@cert-authority e2e {site.text('ca.pub')}\n"]
            file.write_text("".join(lines))
            self._known[stage] = file
        # ssh refuses a key that others may read, and the cache may be on any file system.
        self._keys = folder / "keys"
        self._keys.mkdir(mode=0o700)
        for name in ("key", "other", "certified", "certified-cert.pub"):
            shutil.copy(site.folder / name, self._keys / name)
            (self._keys / name).chmod(0o600)

    def argv(self, where: tuple[str, int], stage: str, key: str = "key", options: tuple[str, ...] = ()) -> list[str]:
        address, port = where
        settings = {"UserKnownHostsFile": self._known[stage], "HostKeyAlias": "e2e", "StrictHostKeyChecking": "yes", "BatchMode": "yes",
                    "IdentitiesOnly": "yes", "ConnectTimeout": 8, "ServerAliveInterval": 5, "ServerAliveCountMax": 6,
                    "KexAlgorithms": "curve25519-sha256", "PreferredAuthentications": "publickey"}
        words = ["-F", "none", "-i", str(self._keys / key), "-p", str(port)]
        for name, value in settings.items():
            words += ["-o", f"{name}={value}"]
        return [*self._enter, "ssh", *words, *options, f"root@{address}"]

    def run(self, where: tuple[str, int], stage: str, command: str, *, stdin: str | bytes = "", key: str = "key", timeout: float = 60,
            options: tuple[str, ...] = ()) -> shell.Result:
        argv = [*self.argv(where, stage, key, options), *([command] if command else [])]
        result = shell.run(argv, stdin=stdin if isinstance(stdin, bytes) else stdin.encode(), timeout=timeout, check=False)
        with self.log.open("a") as log:
            log.write(f"[{time.strftime('%H:%M:%S')}] {stage} {key}: {command}\n{result.output}[status {result.status}]\n")
        return result

    def shown(self, where: tuple[str, int], within: float = 60) -> tuple[str, ...]:
        """The host keys that the server offers, each as "TYPE BASE64"."""
        address, port = where
        result = shell.run([*self._enter, "ssh-keyscan", "-T", "30", "-p", str(port), address], timeout=within, check=False)
        with self.log.open("a") as log:
            log.write(f"[{time.strftime('%H:%M:%S')}] ssh-keyscan\n{result.output}[status {result.status}]\n")
        lines = (line.split() for line in result.output.splitlines() if not line.startswith("#"))
        return tuple(" ".join(words[1:3]) for words in lines if len(words) == 3)

    def type_at_prompt(self, where: tuple[str, int], stage: str, command: str, prompt: str, text: str, within: float) -> tuple[bool, str]:
        """Runs a command on a terminal, and types a text when a prompt is there. Was there one, and what was printed?"""
        process = shell.start([*self.argv(where, stage, options=("-tt",)), command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert process.stdin is not None and process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        output = b""
        typed = False
        deadline = shell.Deadline(within)
        try:
            while deadline.left() > 0:
                chunk = process.stdout.read()
                if chunk == b"" or (chunk is None and process.poll() is not None):
                    break
                output += chunk or b""
                if not typed and re.search(prompt, output.decode(errors="replace"), re.IGNORECASE):
                    # The terminal is switched to no echo about when the prompt appears.
                    shell.pause(0.5)
                    process.stdin.write(text.encode() + b"\n")
                    process.stdin.flush()
                    typed = True
                shell.pause(0.1)
        except BrokenPipeError:
            pass
        finally:
            shell.end(process)
        said = output.decode(errors="replace")
        with self.log.open("a") as log:
            log.write(f"[{time.strftime('%H:%M:%S')}] {stage} on a terminal: {command}\n{said}\n[typed: {typed}]\n")
        return typed, said
