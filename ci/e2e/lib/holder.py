# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds COUNT connections to an sshd, each from its own address SOURCE1, SOURCE2..., without a word: holder.py DEVICE TARGET PORT SOURCE COUNT

What the sshd ends is opened again, so that they take as many of its places for logins as it lets them.
"""

from __future__ import annotations

import socket
import sys
import time


def connect(device: int, target: str, port: int, source: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_INET6)
    try:
        connection.settimeout(3)
        connection.bind((source, 0, 0, device))
        connection.connect((target, port, 0, device))
        if connection.recv(4) == b"SSH-":
            connection.setblocking(False)
            return connection
    except OSError:
        pass
    connection.close()
    return None


def is_open(connection: socket.socket) -> bool:
    try:
        while True:
            if not connection.recv(4096):
                return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def main(name: str, target: str, port: int, source: str, count: int) -> None:
    device = socket.if_nametoindex(name)
    held: dict[int, socket.socket] = {}
    while True:
        for number in range(1, count + 1):
            if number in held and not is_open(held[number]):
                held.pop(number).close()
            if number not in held:
                connection = connect(device, target, port, f"{source}{number:x}")
                if connection is not None:
                    held[number] = connection
        print(f"{len(held)} of {count} connections are held", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
