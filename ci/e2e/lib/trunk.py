#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: trunk.py DEVICE VLAN PORT PEER

A switch's trunk port, for kernels without VLANs: between a tap device DEVICE, which it makes, and a guest whose network card is
qemu's `socket` with a frame in each datagram (from the loopback's port PEER to PORT). What comes from the guest must bear the tag of
VLAN (IEEE 802.1Q) and loses it; what goes there gets it. Anything else is dropped.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
import struct
import sys

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
TAG = 0x8100
ADDRESSES = 12  # destination and source


def tagged(frame: bytes, vlan: int) -> bytes:
    return frame[:ADDRESSES] + struct.pack("!HH", TAG, vlan) + frame[ADDRESSES:]


def untagged(frame: bytes, vlan: int) -> bytes | None:
    if len(frame) < ADDRESSES + 6 or struct.unpack_from("!H", frame, ADDRESSES)[0] != TAG:
        return None
    if struct.unpack_from("!H", frame, ADDRESSES + 2)[0] & 0x0FFF != vlan:
        return None
    return frame[:ADDRESSES] + frame[ADDRESSES + 4:]


def main() -> None:
    device, vlan, port, peer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI))
    guest = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    guest.bind(("127.0.0.1", port))
    waiting = selectors.DefaultSelector()
    waiting.register(tap, selectors.EVENT_READ)
    waiting.register(guest, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            try:
                if key.fd == tap:
                    guest.sendto(tagged(os.read(tap, 65535), vlan), ("127.0.0.1", peer))
                elif frame := untagged(guest.recv(65535), vlan):
                    os.write(tap, frame)
            except OSError:
                pass  # the guest or the device is not up yet: a network may lose a frame


if __name__ == "__main__":
    main()
