#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes what a beacon sends: FOLDER/1, FOLDER/2 and so on are what came, FOLDER/port is the port that it listens on."""

import argparse
import http.server
import pathlib
import socket
import ssl

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--bind", default="127.0.0.1:0", metavar="ADDRESS:PORT", help="default: a free port of the loopback")
parser.add_argument("--tls", metavar="FILE", help="a certificate and its key: POST requests over TLS come instead of datagrams")
options = parser.parse_args()
folder = options.folder
where = (options.bind.rpartition(":")[0], int(options.bind.rpartition(":")[2]))
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


if options.tls:
    server = http.server.HTTPServer(where, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    ready(server.server_address[1])
    server.serve_forever()
else:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(where)
    ready(listener.getsockname()[1])
    while True:
        keep(listener.recv(65535))
