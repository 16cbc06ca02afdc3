# SPDX-License-Identifier: GPL-3.0-or-later
"""How a guest is connected: by qemu's own network, or by tap devices in a network namespace of the cell's own."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import places
import scenario
import shell

# In a namespace of the cell's own no other has these.
TRUNK, TRUNK_GUEST = 7001, 7002
# WireGuard in user space, for kernels without it; its socket is for this process alone: another cell has a device of the same name.
FAR_END = """
mkdir -p /run/wireguard
mount -t tmpfs -o mode=0700 tmpfs /run/wireguard
wireguard-go -f wgpeer &
until [ -S /run/wireguard/wgpeer.sock ]; do kill -0 $!; sleep 0.1; done
wg setconf wgpeer "$1"
touch "$1.done"
wait
"""
MAC = "52:54:00:12:34:{:02x}"


def _free_ports(*wanted: int) -> dict[int, int]:
    """For each port of the guest's one of this machine's that nobody uses just now."""
    probes = {port: socket.socket() for port in wanted}
    try:
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {port: probe.getsockname()[1] for port, probe in probes.items()}
    finally:
        for probe in probes.values():
            probe.close()


class Network:
    def __init__(self, wish: scenario.Network, folder: Path) -> None:
        self.enter: list[str] = []
        self.nics: list[dict[str, str]] = []  # what is at which of qemu's backends
        self.unlinked = [f"card{number}" for number, card in enumerate(wish.cards) if card == "nolink"]
        self._wish = wish
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports: dict[int, int] = {}  # the guest's -> this machine's
        try:
            if wish.mode == "tap":
                self._make_namespace()
            for number, card in enumerate(wish.cards):
                self._connect(number, card)
        except BaseException:
            self.end()
            raise

    def _connect(self, number: int, card: str) -> None:
        if card == "trunk":
            backend = f"socket,udp=127.0.0.1:{TRUNK},localaddr=127.0.0.1:{TRUNK_GUEST}"
        elif card != "net":
            backend = f"hubport,hubid={number}"  # a hub with nobody else at it
        elif self._wish.mode == "tap":
            backend = f"tap,ifname=tap{number},script=no,downscript=no"
        else:
            self._ports = _free_ports(22, 2222)
            forwards = [f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for there, here in self._ports.items()]
            backend = ",".join(["user,restrict=on", *forwards])
        self.nics.append({"backend": backend, "mac": MAC.format(number + 16), **({"model": self._wish.model} if self._wish.model else {})})

    def _make_namespace(self) -> None:
        for tool in ("dnsmasq", "ip", "nsenter"):
            if shutil.which(tool) is None:
                raise shell.Skipped(f"{tool} is not installed")
        holder = shell.start(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self._processes.append(holder)
        own = Path("/proc/self/ns/net").readlink()
        for _ in range(50):
            if holder.poll() is not None:
                raise shell.Skipped("this machine refuses a network namespace")
            if Path(f"/proc/{holder.pid}/ns/net").readlink() != own:
                break
            shell.pause(0.1)
        self.enter = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        log = self._folder / "network.log"
        for command in ("ip link set lo up", "ip link add br0 type bridge forward_delay 0", "ip address add 10.77.0.1/24 dev br0",
                        "ip link set br0 up"):
            self._do(command)
        for number, card in enumerate(self._wish.cards):
            if card == "net":
                result = shell.run([*self.enter, "ip", "tuntap", "add", "dev", f"tap{number}", "mode", "tap"], log=log, check=False)
                if result.status:
                    raise shell.Skipped(f"this machine refuses a tap device: {result.output.strip()}")
                self._do(f"ip link set tap{number} master br0 up")
        if "trunk" in self._wish.cards:
            self.background(["python3", str(Path(__file__).with_name("trunk.py")), "lan5", "5", str(TRUNK), str(TRUNK_GUEST)])
            for _ in range(50):
                if shell.run([*self.enter, "ip", "link", "show", "lan5"], log=log, check=False).status == 0:
                    break
                shell.pause(0.1)
        if self._wish.wireguard:
            self._make_tunnel()
        for command in self._wish.setup:
            self._do(command)
        if self._wish.dhcp:
            argv = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", f"--interface={self._wish.dhcp}",
                    "--dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h", "--dhcp-authoritative", "--log-dhcp", "--user=root",
                    f"--dhcp-leasefile={self._folder / 'leases'}", "--log-facility=-", f"--pid-file={self._folder / 'dnsmasq.pid'}"]
            with (self._folder / "dnsmasq.log").open("wb") as output:
                self._processes.append(shell.start([*self.enter, *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output))

    def _make_tunnel(self) -> None:
        for tool in ("wireguard-go", "wg"):
            if shutil.which(tool) is None:
                raise shell.Skipped(f"{tool} is not installed")
        settings = self._folder / "wgpeer.conf"
        settings.write_text(self._wish.wireguard)
        self.background(["unshare", "--mount", "--propagation", "private", "sh", "-euc", FAR_END, "sh", str(settings)])
        done = self._folder / "wgpeer.conf.done"
        for _ in range(100):
            if done.exists():
                return
            shell.pause(0.1)
        raise shell.Failed(f"wireguard-go made no tunnel: {(self._folder / 'background.log').read_text(errors='replace')[-600:]}")

    def datagrams(self, port: int) -> Path:
        """From now on whatever comes to this port of the namespace is kept, a file a datagram, named 1, 2 and so on, in this folder."""
        folder = self._folder / f"datagrams-{port}"
        if not folder.exists():
            folder.mkdir()
            self.background(["python3", str(places.project / "module/tests/lib/datagrams.py"), str(folder), "--bind", f"0.0.0.0:{port}"])
        return folder

    def _do(self, command: str) -> None:
        shell.run([*self.enter, "sh", "-euc", command], log=self._folder / "network.log")

    def where(self, port: int = 22) -> tuple[str, int] | None:
        """Where the guest's sshd is to be found; None as long as nobody knows."""
        if self._wish.mode == "user":
            return ("127.0.0.1", self._ports[port]) if self._ports else None
        if self._wish.address:
            return (self._wish.address, port)
        leases = self.acknowledged()
        return (leases[-1][0], port) if leases else None

    def acknowledged(self) -> list[tuple[str, str]]:
        """The addresses that dnsmasq has given, in order, with the card's address."""
        log = self._folder / "dnsmasq.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return re.findall(r"DHCPACK\(\S+\) (\S+) (\S+)", text)

    def background(self, argv: list[str]) -> None:
        """Something that goes on until the cell ends."""
        with (self._folder / "background.log").open("ab") as output:
            self._processes.append(shell.start([*self.enter, *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output))

    def end(self) -> None:
        for process in reversed(self._processes):
            shell.end(process)
