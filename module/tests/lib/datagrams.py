#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage: datagrams.py FOLDER [CERTIFICATE]

Takes what a beacon sends, on a free port of the loopback: datagrams, or with the file of a certificate and its key POST requests over TLS.
FOLDER/port has the port, FOLDER/1, FOLDER/2 and so on what came.
"""

import http.server
import pathlib
import socket
import ssl
import sys

folder = pathlib.Path(sys.argv[1])
count = 0


def keep(data: bytes) -> None:
    global count
    count += 1
    hidden = folder / f".{count}"
    hidden.write_bytes(data)
    hidden.rename(folder / str(count))


def ready(port: int) -> None:
    hidden = folder / ".port"
    hidden.write_text(f"{port}\n")
    hidden.rename(folder / "port")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        keep(self.path.encode() + b"\n" + self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


if len(sys.argv) > 2:
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    ready(server.server_address[1])
    server.serve_forever()
else:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    ready(listener.getsockname()[1])
    while True:
        keep(listener.recv(65535))
