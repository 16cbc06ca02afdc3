# SPDX-License-Identifier: GPL-3.0-or-later
"""What a network may do to an answer on its way. A weather remembers which paths it has spoiled, so that a stage can tell whether it has
met the file that matters."""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
import time


class Weather:
    """Fine: everything arrives."""

    def __init__(self) -> None:
        self.spoiled: set[str] = set()
        self._guard = threading.Lock()

    def _is_first(self, path: str) -> bool:
        with self._guard:
            first = path not in self.spoiled
            self.spoiled.add(path)
            return first

    def send(self, to: socket.socket, path: str, head: bytes, body: bytes) -> bool:
        """Sends an answer, and tells whether the connection may live on."""
        del path
        to.sendall(head + body)
        return True


class Truncating(Weather):
    """Of each larger file, when it is asked for first, only the half arrives. The answer's head tells that there should be more."""

    LARGER = 256

    def send(self, to: socket.socket, path: str, head: bytes, body: bytes) -> bool:
        if len(body) <= self.LARGER or not self._is_first(path):
            return super().send(to, path, head, body)
        to.sendall(self.half(head, body))
        return False

    def half(self, head: bytes, body: bytes) -> bytes:
        return head + body[:len(body) // 2]


class TruncatingUnsaid(Truncating):
    """The same, but the head promises no more than what arrives: nothing but a digest or a signature can tell."""

    def half(self, head: bytes, body: bytes) -> bytes:
        short = body[:len(body) // 2]
        return re.sub(rb"(?im)^content-length:.*?(?=\r$)", b"Content-Length: %d" % len(short), head) + short


class Slow(Weather):
    """Nothing is lost, but it takes its time to begin, and comes in pieces."""

    BEGINS = 0.4
    PIECES = 6
    BETWEEN = 0.1

    def send(self, to: socket.socket, path: str, head: bytes, body: bytes) -> bool:
        self._is_first(path)
        time.sleep(self.BEGINS)
        to.sendall(head)
        size = max(1, -(-len(body) // self.PIECES))
        for start in range(0, len(body), size):
            time.sleep(self.BETWEEN)
            to.sendall(body[start:start + size])
        return True


class Dropping(Weather):
    """When a file is asked for first, its connection breaks: before the answer, in its head or in its body, politely or not. Which of
    these it is, is random, but the same for a path in every run."""

    SEED = 46

    def send(self, to: socket.socket, path: str, head: bytes, body: bytes) -> bool:
        if not self._is_first(path):
            return super().send(to, path, head, body)
        dice = random.Random(f"{self.SEED} {path}")
        answer = head + body
        end = dice.choice([0, dice.randrange(len(head)), dice.randrange(len(answer))])
        to.sendall(answer[:end])
        if dice.random() < 0.5:
            # A reset, which a client may see before what was sent.
            to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
