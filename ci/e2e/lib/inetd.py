# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: inetd.py ADDRESS:PORT PROGRAM [ARGUMENT...]: for each connection runs the program with it as its standard input and output."""

from __future__ import annotations

import socket
import subprocess
import sys


def main() -> None:
    address, _, port = sys.argv[1].rpartition(":")
    with socket.create_server((address, int(port))) as server:
        while True:
            client, _ = server.accept()
            with client:
                subprocess.Popen(sys.argv[2:], stdin=client, stdout=client)


if __name__ == "__main__":
    main()
