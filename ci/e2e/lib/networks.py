# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays the cases of networks/cases.json over the files of a suite, and has two look at each: the suite's own systemd-network-generator and
systemd-networkd, in a network namespace with a DHCP server at the other end of each interface; and `dracut-sshd inspect`. The unit tests have
inspect's code look at the same cases. Of a case:

  name      what is special
  file      the only file, /etc/systemd/network/10-case.network; or
  files     path -> text
  links     path -> where the link leads
  modes     path -> its mode, which is root's alone or, in "0640 systemd-network", another group's
  cmdline   the kernel's, "quiet" if it is left out
  nics      the machine's interfaces, ["eth0"] if they are left out; their driver is veth, their addresses are 52:54:00:ab:00:01 and so on
  names     other names that udev gives the first of them
  address   whether an interface gets an address that others can reach
  route     whether there is a default route; as `address` if it is left out
  inspect   "yes", "no" or "cannot tell"; "yes" where there are both, else "no", if it is left out
  unlike    suites whose networkd does the reverse: ["14"]
  needs     a kind of device that not every kernel can make: the case is skipped where this one cannot
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import roots
import shell
import verdict

CASES = Path(__file__).resolve().parents[1] / "networks/cases.json"
ONLY = "etc/systemd/network/10-case.network"
ANSWERS = {"error": "no", "unknown": "cannot tell"}
# What an image has of a root, so that inspect looks at its network at all.
PROGRAMS = ("usr/lib/systemd/systemd-networkd", "usr/lib/systemd/systemd-network-generator", "usr/sbin/sshd")
OTHERS = ("usr/lib/systemd/system/systemd-networkd.service", "usr/lib/systemd/network", "usr/lib/os-release", "etc/passwd", "etc/group",
          "etc/ld.so.cache", "etc/ld.so.conf", "etc/ld.so.conf.d")
LINKS = ("bin", "sbin", "lib", "lib64")
SECONDS = 10  # that networkd has for an address; a slow machine needs some of them

# $1 the suite's files, $2 the case's folder, $3 its command line, $4 seconds, $5 other names of the first interface, then the interfaces.
TRY = r"""
tree=$1 case=$2 words=$3 seconds=$4 names=$5
shift 5
mount -t tmpfs tmpfs "$case/scratch"
mkdir "$case/scratch/upper" "$case/scratch/work" "$case/scratch/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$case/scratch/upper,workdir=$case/scratch/work" overlay "$case/scratch/root"
root=$case/scratch/root
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run"
for dir in dev proc; do mount --rbind "/$dir" "$root/$dir"; done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
hostname localhost
cp -a "$case/files/." "$root/"
mkdir -p "$root/run/systemd/netif/links" "$root/run/systemd/netif/leases" "$root/run/systemd/netif/lldp" "$root/run/systemd/network"
chroot "$root" chown -R systemd-network: /run/systemd/netif
ip link set lo up
unshare --net sleep 1000 &
other=$!
until [[ $(readlink "/proc/$other/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.05; done
ranges=() number=0
for nic; do
  number=$((number + 1))
  ip link add "$nic" address "52:54:00:ab:00:0$number" type veth peer name "peer$number"
  ip link set "peer$number" netns "$other"
  nsenter --target "$other" --net ip address add "192.0.2.$((number * 64 - 63))/26" dev "peer$number"
  nsenter --target "$other" --net ip link set "peer$number" up
  ranges+=(--dhcp-range="192.0.2.$((number * 64 - 50)),192.0.2.$((number * 64 - 10)),255.255.255.192,1h")
done
nsenter --target "$other" --net dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --port=0 --leasefile-ro \
  --dhcp-authoritative --no-ping "${ranges[@]}" >"$case/dnsmasq.log" 2>&1 &
for name in $names; do ip link property add dev "$1" altname "$name"; done
export SYSTEMD_PROC_CMDLINE=$words SYSTEMD_LOG_LEVEL=info SYSTEMD_LOG_TARGET=console
chroot "$root" /usr/lib/systemd/systemd-network-generator >"$case/generator.log" 2>&1 || true
chroot "$root" /usr/lib/systemd/systemd-networkd >"$case/networkd.log" 2>&1 &
settled=0
for ((tenth = 0; tenth < seconds * 10 && settled < 8; tenth++)); do
  sleep 0.1
  open=$#
  for nic; do
    if grep -qsE '^ADMIN_STATE=(configured|unmanaged|failed)' "$root/run/systemd/netif/links/$(cat "/sys/class/net/$nic/ifindex" 2>/dev/null)"; then
      open=$((open - 1))
    fi
  done
  if ((open == 0)) && ! ip -6 address show tentative | grep -q inet6; then
    settled=$((settled + 1))
  elif [[ $(ip route show default) ]]; then
    settled=$((settled + 1))
  fi
done
ip -json address show >"$case/addresses.json"
{ ip route show default; ip -6 route show default; } >"$case/routes"
"""


@dataclass(frozen=True)
class Case:
    name: str
    address: bool
    route: bool
    inspect: str
    file: str = ""
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    cmdline: str = "quiet"
    nics: tuple[str, ...] = ("eth0",)
    needs: str = ""
    unlike: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def here(self, suite: str) -> Case:
        """As this suite has it."""
        return dataclasses.replace(self, address=not self.address, route=not self.route) if suite in self.unlike else self


@dataclass(frozen=True)
class Result:
    case: Case
    address: bool
    route: bool
    said: str  # yes, no, cannot tell
    words: str  # inspect's findings, and the ends of the logs

    @property
    def fault(self) -> str:
        """What is not as the case has it; "" if all is."""
        out = []
        if (self.address, self.route) != (self.case.address, self.case.route):
            out.append(f"systemd-networkd: address {self.address}, route {self.route}; expected {self.case.address}, {self.case.route}")
        if self.said != self.case.inspect:
            out.append(f"inspect says {self.said}; expected {self.case.inspect}")
        return f"{self.case.name}: {'; '.join(out)}\n{self.words}" if out else ""

    @property
    def kind(self) -> str:
        """What inspect's answer is worth."""
        good = self.address and (self.route or self.case.inspect == "yes")
        if self.said == "cannot tell":
            return "cannot tell"
        if (self.said == "yes") == good:
            return "right"
        return "false alarm" if good else "false comfort"


def load() -> list[Case]:
    out = []
    for raw in json.loads(CASES.read_text()):
        values: dict[str, Any] = dict(raw)
        values.setdefault("route", values["address"])
        values.setdefault("inspect", "yes" if values["address"] and values["route"] else "no")
        values["unlike"] = tuple(values.get("unlike", ()))
        values["names"] = tuple(values.get("names", ()))
        values["nics"] = tuple(values.get("nics", ("eth0",)))
        out.append(Case(**values))
    names = [case.name for case in out]
    if len(set(names)) != len(names):
        raise shell.Failed(f"{CASES}: two cases have one name")
    return out


def can_make(kind: str) -> bool:
    """Whether this kernel can make such a device."""
    more = {"vlan": "link eth0 name x0 type vlan id 5", "macvlan": "link eth0 name x0 type macvlan"}.get(kind, f"name x0 type {kind}")
    commands = f"ip link add name eth0 type veth peer name peer0 && ip link add {more}"
    return subprocess.run(["unshare", "--net", "sh", "-euc", commands], capture_output=True, check=False).returncode == 0


def possible() -> tuple[list[Case], list[str]]:
    """The cases that this kernel can have, and the kinds of devices that it cannot make."""
    cases = load()
    lacking = [kind for kind in sorted({case.needs for case in cases if case.needs}) if not can_make(kind)]
    return [case for case in cases if case.needs not in lacking], lacking


def version(root: roots.Root) -> str:
    """systemd's, of a suite's root."""
    with tarfile.open(root.tar) as archived:
        status = archived.extractfile("./var/lib/dpkg/status")
        assert status is not None
        found = re.search(r"^Package: systemd\n(?:.+\n)*?Version: (\S+)", status.read().decode(), re.MULTILINE)
    return found.group(1) if found else "?"


def _owner(tree: Path, name: str) -> int:
    for line in (tree / "etc/group").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split(":")[2])
    raise shell.Failed(f"{tree}/etc/group has no {name}")


def lay(tree: Path, case: Case, folder: Path) -> None:
    """The case's files, with their modes and owners."""
    folder.mkdir(parents=True)
    for path, text in ({ONLY: case.file} if case.file else {} | case.files).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    for path, target in case.links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(target)
    for path, mode in case.modes.items():
        number, _, group = mode.partition(" ")
        os.chown(folder / path, 0, _owner(tree, group) if group else 0)
        (folder / path).chmod(int(number, 8))


def happens(tree: Path, case: Case, folder: Path) -> tuple[bool, bool, str]:
    """Whether an interface gets an address, and whether there is a default route, by the suite's own programs."""
    (folder / "scratch").mkdir()
    log = folder / "log"
    done = subprocess.run(["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "bash", "-euc", TRY,
                           "try", str(tree), str(folder), case.cmdline, str(SECONDS), " ".join(case.names), *case.nics],
                          stdout=subprocess.DEVNULL, stderr=log.open("wb"), stdin=subprocess.DEVNULL, timeout=120, check=False)
    if done.returncode != 0:
        raise shell.Failed(f"{case.name}: {log.read_text(errors='replace')[-1000:]}")
    addresses = [each["local"] for link in json.loads((folder / "addresses.json").read_text()) for each in link.get("addr_info", [])
                 if each.get("scope") == "global" and not each.get("tentative")]
    routes = (folder / "routes").read_text().split("\n")[0]
    words = "".join(f"  {name}: {line}\n" for name in ("generator", "networkd")
                    for line in (folder / f"{name}.log").read_text(errors="replace").splitlines()[-8:])
    return bool(addresses), bool(routes), f"  {addresses} {routes}\n{words}"


def stage(tree: Path, folder: Path) -> Path:
    """An archive with what inspect needs of a suite's files."""
    root = folder / "stage"
    wanted = [*LINKS, *PROGRAMS, *OTHERS]
    for program in PROGRAMS:
        shown = subprocess.run(["chroot", str(tree), "ldd", f"/{program}"], capture_output=True, text=True, check=False).stdout
        wanted += [word.lstrip("/") for word in shown.split() if word.startswith("/")]
    for path in wanted:
        source, target = tree / path, root / path
        if not os.path.lexists(source):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink() and source.is_dir():
            (target.parent / os.readlink(source)).mkdir(parents=True, exist_ok=True)
            target.symlink_to(os.readlink(source))
        elif source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        elif not target.exists():
            shutil.copy2(source, target)
    return archive(root, folder / "base.img")


def archive(root: Path, file: Path) -> Path:
    """An archive of a folder, by cpio, with the modes and owners that its files have."""
    names = subprocess.run(["find", ".", "-mindepth", "1", "-print0"], cwd=root, capture_output=True, check=True).stdout
    with file.open("wb") as out:
        subprocess.run(["cpio", "--create", "--format=newc", "--null", "--quiet"], cwd=root, input=names, stdout=out, check=True)
    return file


def machine(case: Case, folder: Path) -> Path:
    """What the kernel shows of a machine with these interfaces (sysfs(5))."""
    driver = folder / "sys/bus/drivers/veth"
    driver.mkdir(parents=True)
    for number, nic in enumerate(case.nics, 1):
        top = folder / "sys/class/net" / nic
        (top / "device").mkdir(parents=True)
        (top / "device/driver").symlink_to(os.path.relpath(driver, top / "device"))
        for name, value in {"address": f"52:54:00:ab:00:0{number}", "type": "1", "ifindex": str(number + 1)}.items():
            (top / name).write_text(f"{value}\n")
        database = folder / "run/udev/data"
        database.mkdir(parents=True, exist_ok=True)
        names = "".join(f"E:ID_NET_NAME_PATH={name}\n" for name in case.names if number == 1)
        (database / f"n{number + 1}").write_text(f"E:ID_NET_DRIVER=veth\n{names}")
    return folder


def says(base: Path, case: Case, folder: Path) -> tuple[str, str]:
    """inspect's answer about the network, and its words."""
    image = folder / "image"
    image.write_bytes(base.read_bytes() + archive(folder / "files", folder / "laid.img").read_bytes())
    argv = [str(verdict.program()), "inspect", "--json", "--host", "--root", str(machine(case, folder / "machine")), "--cmdline", case.cmdline,
            "--kernel", os.uname().release, str(image)]
    done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
    findings = [each for each in json.loads(done.stdout)["findings"] if each["id"].startswith("network.")]
    if not any(each["id"] == "network.configuration" for each in findings):
        raise shell.Failed(f"{case.name}: inspect says nothing of network.configuration: {findings}")
    found = [each["severity"] for each in findings if each["id"] == "network.configuration"]
    answer = next((ANSWERS[severity] for severity in ("error", "unknown") if severity in found), "yes")
    return answer, "".join(f"  inspect: {each['severity']} {each['message']}\n" for each in findings if each["id"] == "network.configuration")


def tried(tree: Path, base: Path, case: Case, folder: Path) -> Result:
    lay(tree, case, folder / "files")
    said, words = says(base, case, folder)
    address, route, more = happens(tree, case, folder)
    return Result(case, address, route, said, words + more)


def all_tried(suite: str, tree: Path, work: Path, cases: list[Case]) -> list[Result]:
    """All cases on a suite's files, some at once: most of the time is waiting."""
    work.mkdir(parents=True, exist_ok=True)
    base = stage(tree, work)
    with ThreadPoolExecutor(max_workers=6) as pool:
        return list(pool.map(lambda case: tried(tree, base, case.here(suite), work / case.name), cases))
