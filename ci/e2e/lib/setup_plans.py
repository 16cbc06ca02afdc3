# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of setup-plans.toml: states of a network, made one after the other in one running machine, and what `dracut-sshd setup --dry-run`
plans for each. Nothing is written, and nothing is rebooted: a cell takes seconds."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

import installed_machine
import network
import scenario
import setups
import shell

FILE = Path(__file__).resolve().parents[1] / "setup-plans.toml"
# Back to a machine whose only network is that of the desk's session.
RESET = """[ -s /run/e2e-default ] || ip route show default dev @NIC0@ >/run/e2e-default
for link in /sys/class/net/*; do
  name=${link##*/}
  if [ -e "$link/device" ] || [ "$name" = lo ] || [ "$name" = bonding_masters ]; then continue; fi
  ip link delete "$name" 2>/dev/null || :
done
set -- @NIC1@ @MAC1@ @NIC2@ @MAC2@
while [ $# -gt 0 ]; do
  ip link set "$1" nomaster
  ip address flush dev "$1"
  ip link set "$1" down
  ip link set "$1" address "$2" mtu 1500
  ip link set "$1" up
  shift 2
done
ip route replace $(cat /run/e2e-default) dev @NIC0@
"""
WORDS = {**installed_machine.NICS, **{f"MAC{number}": network.MAC.format(16 + number) for number in range(3)}}


@dataclass(frozen=True)
class Plan:
    name: str
    client: str
    server: str
    make: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def script(self) -> str:
        """Shell, for root in the machine: the state, and setup's plan for it."""
        session = f"{self.client} 50000 {self.server} 22" if self.client else ""
        command = f"SSH_CONNECTION={shlex.quote(session)} dracut-sshd setup --dry-run" if session else "env -u SSH_CONNECTION dracut-sshd setup --dry-run"
        return scenario.filled("\n".join(["set -eu", RESET, *self.make, command]), WORDS)

    def fault(self, said: shell.Result) -> str:
        """What is wrong with the output; "" if nothing is. The lines of files are those that begin with a plus."""
        lines = "\n".join(line[1:] for line in said.output.splitlines() if line.startswith("+") and not line.startswith("+++"))
        for patterns, text, wanted in ((self.has, lines, True), (self.says, said.output, True), (self.lacks, lines, False)):
            for pattern in patterns:
                if (re.search(scenario.filled(pattern, WORDS), text, re.MULTILINE) is not None) != wanted:
                    return f"{self.name}: {'no' if wanted else 'there is'} \"{pattern}\" (status {said.status}):\n{said.output}"
        if "\x1b" in said.output:
            return f"{self.name}: an escape sequence of another's is printed:\n{said.output!r}"
        return "" if said.status == 0 else f"{self.name}: setup --dry-run ended with {said.status}:\n{said.output}"


def load(file: Path = FILE) -> list[Plan]:
    found: list[Plan] = [scenario.made(Plan, scenario.table(each)) for each in tomllib.loads(file.read_text())["plan"]]
    if len({plan.name for plan in found}) != len(found):
        raise scenario.Wrong(f"{file}: two plans have one name")
    return found


if __name__ == "__main__":
    print(f"{len(setups.load())} setups, {len([plan.script() for plan in load()])} plans")
