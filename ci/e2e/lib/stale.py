# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages in which something changes that an image was made of. The real dracut builds the images; what sets the package's scripts off is
dpkg, as when openssh-server is updated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import debian
import places
from stage import Stage, check
from takeover import LEAN

AUTHORIZED = "root/.ssh/authorized_keys"
NEW_KEY = "ssh-keygen -q -t ed25519 -N '' -f {file} <<<y >/dev/null"
# What dpkg does when openssh-server brings a new sshd; no other source than ours is there to bring one.
SSHD_CHANGES = "dpkg-trigger --by-package=openssh-server /usr/sbin/sshd && dpkg --configure --pending && dpkg --audit"
BUILDS = 900  # seconds, for a command that may build an image


class Machine:
    """A root with the package, keys and an image that is up to date."""

    def __init__(self, stage: Stage) -> None:
        assert isinstance(stage.client, debian.Debian)
        self.client = stage.client
        stage.install("new")
        self.kernel = self.client.kernel()
        self.image = self.client.root / f"boot/initrd.img-{self.kernel}"
        self.old = self.image.with_name(f"dracut-sshd-{self.image.name}.old")
        (self.client.root / "etc/dracut.conf.d/90-e2e.conf").write_text(LEAN)
        self.client.does(NEW_KEY.format(file="/etc/ssh/dracut_ssh_host_ed25519_key"))
        self.new_key()
        self.does(f"dracut-sshd-rebuild --kernel {self.kernel}")
        self.check_says(0)

    def does(self, command: str) -> str:
        status = self.client.tries(command, BUILDS)
        check(status == 0, f"{self.client.told(command)}\nended with {status}")
        return self.client.said

    def new_key(self) -> None:
        self.client.does("mkdir -p -m 0700 /root/.ssh\n" + NEW_KEY.format(file="/root/key") + f"\ncp /root/key.pub /{AUTHORIZED}")

    def check_says(self, wanted: int) -> None:
        command = f"dracut-sshd-check --kernel {self.kernel}"
        status = self.client.tries(command)
        check(status == wanted, f"{self.client.told(command)}\nended with {status}, and not with {wanted}")

    def digest(self) -> str:
        return places.digest(self.image)

    def olds(self) -> list[Path]:
        return sorted(self.image.parent.glob("*.old"))


def tells(stage: Stage) -> str:
    machine = Machine(stage)
    said = machine.does(SSHD_CHANGES)
    check("dracut-sshd:" not in said, f"nothing has changed, and something is told:\n{said}")
    before = machine.digest()
    machine.new_key()
    for command in (SSHD_CHANGES, machine.client.reinstall[0]):
        said = machine.does(command)
        told = [line for line in said.splitlines() if f"/boot/{machine.image.name} (kernel {machine.kernel}) is OLDER" in line]
        check(len(told) == 1, f"it should be told once that the image is older:\n{said}")
        check(f"changed: /{AUTHORIZED}" in told[0], f"it is not told what has changed: {told[0]}")
        check(told[0].endswith(f"Type: dracut-sshd-rebuild --kernel {machine.kernel}"), f"it is not told what to type: {told[0]}")
    machine.check_says(1)
    check(machine.digest() == before and not machine.olds(), "an image was built, which nobody asked for")
    machine.does(f"dracut-sshd-rebuild --kernel {machine.kernel}")
    machine.check_says(0)
    return told[0]


def rebuilds(stage: Stage) -> str:
    machine = Machine(stage)
    settings = machine.client.root / "etc/dracut-sshd/initrd.conf"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("STALE=rebuild\n")
    for command in (SSHD_CHANGES, machine.client.reinstall[0]):
        before = machine.image.read_bytes()
        machine.new_key()
        said = machine.does(command)
        machine.check_says(0)
        check(machine.image.read_bytes() != before, f"the image is the same as before:\n{said}")
        mode = machine.image.stat().st_mode & 0o7777
        check(mode == 0o600, f"the new image has the mode {mode:04o}")
        check(machine.olds() == [machine.old] and machine.old.read_bytes() == before, f"kept are {[path.name for path in machine.olds()]}")
    # A rebuild that fails is told, and neither the transaction nor the image suffers.
    before = machine.image.read_bytes()
    (machine.client.root / AUTHORIZED).unlink()
    said = machine.does(machine.client.reinstall[0])
    check("was NOT built anew" in said, f"it is not told that the rebuild has failed:\n{said}")
    check(machine.image.read_bytes() == before, "the image that was there is gone")
    stage.is_there("new")
    for command in machine.client.remove:
        machine.does(command)
    check(not machine.olds() and machine.image.exists(), f"after the removal there are {[path.name for path in machine.olds()]}")
    return "twice, mode 0600, one old image kept; a rebuild that failed was told, and left the image; the old one went with the package"


STAGES: dict[str, Callable[[Stage], str]] = {"tells-of-an-older-image": tells, "rebuilds-an-older-image": rebuilds}
