#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that waits for its passphrase, as systemd-cryptsetup does, in the fake root of boot.bash.

It asks (an ask file, a real datagram socket), takes what comes, and asks again or ends as systemd-cryptsetup would. Each
passphrase is kept, as it came, in received/NAME.1, .2 and so on; a line in log/NAME says that it is ready or has ended.
"""

import argparse
import os
import pathlib
import shutil
import socket
import time

parser = argparse.ArgumentParser()
parser.add_argument("root", type=pathlib.Path)
parser.add_argument("name")
parser.add_argument("--pid", default="4001")
parser.add_argument("--right", default=[], action="append", help="a passphrase that opens it")
parser.add_argument("--tries", type=int, default=3)
parser.add_argument("--work", type=float, default=0.0, help="seconds that an answer takes")
parser.add_argument("--after", type=float, default=0.0, help="seconds until it asks")
parser.add_argument("--id", default=None)
parser.add_argument("--message", default=None)
parser.add_argument("--unit", default=None, help="empty: none")
parser.add_argument("--verify", action="store_true", help="ask twice")
parser.add_argument("--cached", type=float, default=None, help="seconds until it takes another disk's passphrase, and refuses it")
parser.add_argument("--shares", default=None, metavar="NAME", help="takes that disk's passphrase as soon as it has one, and refuses it")
parser.add_argument("--dead", action="store_true", help="end with the first answer, and say nothing of the unit")
options = parser.parse_args()

root, name = options.root, options.name
unit = options.unit if options.unit is not None else "systemd-cryptsetup@" + name.replace("-", "\\x2d") + ".service"
folder = root / "run/systemd/ask-password"
plain = "".join(filter(str.isalnum, name))
process = root / "proc" / options.pid
count = 0


def ask(suffix: str, id_: str, message: str) -> socket.socket:
    global count
    count += 1
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = folder / f"sck.{plain}{suffix}"
    sock.bind(str(path))
    text = f"[Ask]\nPID={options.pid}\nSocket={folder}//{path.name}\nAcceptCached=1\nEcho=0\nNotAfter=0\nSilent=0\n"
    text += f"Message={message}\nIcon=drive-harddisk\n" + (f"Id={id_}\n" if id_ else "")
    hidden = folder / f".#ask{name}"
    hidden.write_text(text)
    hidden.rename(folder / f"ask.{plain}{suffix}")
    return sock


def withdraw(suffix: str, sock: socket.socket) -> None:
    (folder / f"ask.{plain}{suffix}").unlink()
    (folder / f"sck.{plain}{suffix}").unlink()
    sock.close()


def state(word: str) -> None:
    if unit and not options.dead:
        (root / "units" / unit).write_text(word)


def receive(suffix: str, id_: str, message: str) -> bytes:
    sock = ask(suffix, id_, message)
    (root / "log" / name).write_text("asks\n")
    sock.settimeout(60)
    answer = sock.recv(65536)
    # A plus, and a list of strings that end with NUL.
    assert answer[:1] == b"+" and answer[-1:] == b"\0" and answer.count(b"\0") == 1, answer
    answer = answer[1:-1]
    (root / "received" / f"{name}.{count}").write_bytes(answer)
    withdraw(suffix, sock)
    time.sleep(options.work)
    return answer


time.sleep(options.after)
process.mkdir()
cgroup = f"0::/system.slice/system-systemd\\x2dcryptsetup.slice/{unit}\n" if unit else "0::/system.slice/other.service\n"
(process / "cgroup").write_text(cgroup)
state("activating")
id_ = options.id if options.id is not None else f"cryptsetup:/dev/disk/by-uuid/{name}"
message = options.message if options.message is not None else f"Please enter passphrase for disk {name}:"
right = [os.fsencode(word) for word in options.right]
outcome = "failed"
for attempt in range(options.tries):
    if attempt == 0 and (options.cached is not None or options.shares):
        pending = ask("Q", id_, message)
        (root / "log" / name).write_text("asks\n")
        time.sleep(options.cached or 0)
        while options.shares and not (root / "received" / f"{options.shares}.1").exists():
            time.sleep(0.01)
        withdraw("Q", pending)
        continue
    answer = receive(f"{attempt}", id_, message)
    if options.verify:
        answer = receive(f"{attempt}V", id_.replace("cryptsetup:", "cryptsetup-verification:"), message + " (verification)")
    if answer in right:
        outcome = "active"
        break
    if options.dead:
        break
state(outcome)
if outcome == "active":
    volume = root / f"sys/block/dm-{name}/dm"
    volume.mkdir(parents=True)
    (volume / "name").write_text(name + "\n")
shutil.rmtree(process)
(root / "log" / name).write_text(outcome + "\n")
