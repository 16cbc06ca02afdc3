# SPDX-License-Identifier: GPL-3.0-or-later
"""`dracut-sshd setup` in a chroot of an installed system, by this machine's own processor: for what needs no boot. There is no systemd
running, no network interface but a loopback, and nothing below / that is encrypted; the module is told not to mind (INSPECT=no)."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import installed
import installed_machine
import machine
import shell

KEY = "/root/desk.pub"
# No network is to be planned for, because none is there.
COMMAND = ("dracut-sshd", "setup", "--yes", "--no-network", "--no-rehearse", "--port", "2222", "--key", KEY)
# An image in seconds; sshd and what it asks for is in it.
DRACUT = 'dracutmodules="base systemd systemd-networkd dbus dbus-daemon crypt systemd-cryptsetup sshd"\ndrivers=""\n'
# $0 is the system's folder, $1 shell that is run in it first, $2 words before chroot, the rest is the command.
INSIDE = """root=$0 before=$1 wrap=$2
shift 2
for dir in dev proc sys run tmp; do mkdir -p "$root/$dir"; done
for dir in dev proc; do mount --rbind "/$dir" "$root/$dir"; done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
ip link set lo up
chroot "$root" sh -euc "$before"
inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8)
[[ $wrap ]] || exec "${inside[@]}" chroot "$root" "$@"
# Who has another root folder than process 1 is in a chroot, and setup refuses to work there.
{
  until [[ $(readlink /proc/1/root) != / ]]; do sleep 0.05; done
  status=0
  "${inside[@]}" $wrap chroot "$root" "$@" || status=$?
  echo "$status" >"$root/run/status.new" && mv "$root/run/status.new" "$root/run/status"
} &
exec chroot "$root" sh -c 'until [ -e /run/status ]; do sleep 0.1; done; read -r status </run/status; exit "$status"'
"""
ALONE = ("nice", "unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
# What changes a file system. A process is killed when it is about to do the Nth of these.
STEPS = "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,fchmod,fchmodat"
KILLED = (137, -9)


@dataclass(frozen=True)
class Chroot:
    tree: Path
    log: Path

    def run(self, *argv: str, before: str = ":", wrap: str = "", timeout: float = 600) -> shell.Result:
        return shell.run([*ALONE, "bash", "-euc", INSIDE, str(self.tree), before, wrap, *argv], timeout=timeout, log=self.log, check=False)

    def killed_at(self, step: int) -> shell.Result:
        """setup's own process, and not what it calls."""
        return self.run(*COMMAND, wrap=f"strace -qq -o /dev/null -e trace={STEPS} -e inject={STEPS}:signal=SIGKILL:when={step}")

    def state(self) -> dict[str, str]:
        """All of /etc, and of setup's own folder: paths with modes, owners and contents."""
        found = {}
        for top in ("etc", "var/lib/dracut-sshd", "usr/lib/dracut"):
            for folder, folders, files in os.walk(self.tree / top):
                for name in (*folders, *files):
                    path = Path(folder) / name
                    about = path.lstat()
                    content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
                    found[str(path.relative_to(self.tree))] = f"{about.st_mode:o} {about.st_uid}:{about.st_gid} {content}"
        return found


def make(system: installed.System, program: Path, work: Path) -> Chroot:
    tree = work / "tree"
    tree.mkdir()
    shell.run(["tar", "-xf", str(system.tar), "-C", str(tree), "--numeric-owner", "--xattrs"], timeout=300)
    shutil.copy(program, tree / installed_machine.PROGRAM)
    (tree / installed_machine.PROGRAM).chmod(0o755)
    machine.put(tree, KEY.lstrip("/"), system.site.text("key.pub") + "\n")
    machine.put(tree, "etc/dracut-sshd/initrd.conf", "INSPECT=no\n")
    machine.put(tree, "etc/dracut.conf.d/95-e2e.conf", DRACUT)
    (tree / "var/lib/dracut-sshd").mkdir(parents=True, exist_ok=True)
    return Chroot(tree, work / "chroot.log")


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    # dracut-sshd-rebuild's mark that an image with sshd was there, which is true.
    mark = "var/lib/dracut-sshd/set-up"
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path) and path != mark)


@dataclass(frozen=True)
class Hostile:
    """Something is wrong with the machine: setup says so, and leaves it as it was."""
    name: str
    before: str  # shell, in the system's root, with mounts of its own
    says: str  # regular expression
    status: tuple[int, ...] = (1,)
    command: tuple[str, ...] = COMMAND


def _over(path: str, text: bytes, mode: int = 0o600) -> str:
    """Another content for a file, as long as the command runs."""
    octal = "".join(f"\\{byte:03o}" for byte in text)
    return f"printf {shlex.quote(octal)} >/tmp/over && chmod {mode:o} /tmp/over && mount --bind /tmp/over {path}"


# The first one holds the lock from its beginning to its end; the second comes while it builds the image.
TWICE = f"""{shlex.join(COMMAND)} >/tmp/first 2>&1 & first=$!
until [ -s /run/dracut-sshd-setup.lock ] || ! kill -0 $first 2>/dev/null; do sleep 0.1; done
second=0
{shlex.join(COMMAND)} >/tmp/second 2>&1 || second=$?
status=0
wait $first || status=$?
echo "first $first $status"
echo "second $second"
cat /tmp/second
"""
DRY = ("dracut-sshd", "setup", "--dry-run", "--no-network", "--key", KEY)
HOSTILE = (
    Hostile("full-boot", "mount -t tmpfs -o size=64k tmpfs /boot && cp /etc/hostname /boot/vmlinuz-full", "boot|space"),
    Hostile("read-only-etc", "mount --bind /etc /etc && mount -o remount,bind,ro /etc", "(?i)read-only"),
    Hostile("full-var", "mount -t tmpfs -o size=4k tmpfs /var/lib/dracut-sshd && head -c 4096 /dev/zero >/var/lib/dracut-sshd/full || :",
            "(?i)no space"),
    Hostile("no-dracut", "mount --bind /dev/null /usr/bin/dracut", "dracut", (1, 3)),
    Hostile("no-key-in-file", _over(KEY, b"hello\n"), "no key|key", (2,)),
    Hostile("private-key", _over(KEY, b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"), "is a private key", (2,)),
    Hostile("broken-manifest", "printf '{' >/tmp/over && touch /var/lib/dracut-sshd/setup.json && mount --bind /tmp/over /var/lib/dracut-sshd/setup.json",
            "setup\\.json", (1, 2)),
    Hostile("lying-manifest", """printf '{"files": [{"path": "/etc/passwd", "sha256": "00"}]}' >/tmp/over
touch /var/lib/dracut-sshd/setup.json && mount --bind /tmp/over /var/lib/dracut-sshd/setup.json""", "setup\\.json", (1, 2),
            ("dracut-sshd", "setup", "--remove")),
    Hostile("crypttab-garbage", _over("/etc/crypttab", b"\xff\xfe\x1b[31m a b c\n" * 2000), "", (0, 1), DRY),
    Hostile("hostname-garbage", "hostname \"$(printf 'x\\033[31m')\"", "", (0, 1), DRY),
    Hostile("os-release-missing", "mount --bind /dev/null /usr/lib/os-release", "", (0, 1), DRY),
    Hostile("no-ip", "mount --bind /dev/null /usr/bin/ip", "", (0, 1), ("dracut-sshd", "setup", "--dry-run", "--key", KEY)),
    Hostile("ip-hangs", _over("/usr/bin/ip", b"#!/bin/sh\nexec sleep 1000\n", 0o755), "ip [^\n]*did not end within 15 s", (0, 1),
            ("dracut-sshd", "setup", "--dry-run", "--key", KEY)),
    Hostile("ip-prints-for-ever", _over("/usr/bin/ip", b"#!/bin/sh\nexec yes '[{}'\n", 0o755) + " && mount -t tmpfs -o size=1m tmpfs /tmp",
            "ip [^\n]*prints more than", (0, 1), ("dracut-sshd", "setup", "--dry-run", "--key", KEY)),
    Hostile("expired-key", f"sed '1s/^/expiry-time=\"20200101\" /' {KEY} >/tmp/over && mount --bind /tmp/over {KEY}", "expired", (2,)),
)
