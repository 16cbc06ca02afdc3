# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's web server: nginx, which shows one folder, and another one when it is told so. Before it stands a proxy of our own, on
loopback, which knows what was asked for and can spoil what is answered."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import shell
import weather

# One process, which keeps to its folder. Folders are not listed.
NGINX = """daemon off;
master_process off;
pid {here}/pid;
error_log {here}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {here}/access.log;
  client_body_temp_path {here}/temp;
  proxy_temp_path {here}/temp;
  fastcgi_temp_path {here}/temp;
  uwsgi_temp_path {here}/temp;
  scgi_temp_path {here}/temp;
  default_type application/octet-stream;
  server {{
    listen unix:{here}/socket;
    root {here}/shown;
  }}
}}
"""
# Of one connection, and not of the message.
OF_THE_HOP = (b"connection:", b"keep-alive:", b"proxy-connection:")


class _Nginx:
    def __init__(self, here: Path, nothing: Path) -> None:
        self._here = here
        here.mkdir()
        (here / "temp").mkdir()
        self.show(nothing)
        config = here / "nginx.conf"
        config.write_text(NGINX.format(here=here))
        argv = ["setpriv", "--pdeathsig", "KILL", "nginx", "-e", str(here / "error.log"), "-c", str(config)]
        self._process = shell.start(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.1)
        raise shell.Failed(f"nginx does not answer: {(here / 'error.log').read_text() if (here / 'error.log').exists() else 'no log'}")

    def connect(self) -> socket.socket:
        to = socket.socket(socket.AF_UNIX)
        try:
            to.settimeout(30)
            to.connect(str(self._here / "socket"))
        except OSError:
            to.close()
            raise
        return to

    def show(self, folder: Path) -> None:
        new = self._here / "next"
        new.symlink_to(folder)
        new.rename(self._here / "shown")

    def answers(self, request: list[bytes]) -> tuple[bytes, bytes]:
        """Head and body; the request's lines come without their ends."""
        with self.connect() as to:
            kept = [line for line in request if not line.lower().startswith(OF_THE_HOP)]
            to.sendall(b"\r\n".join([*kept, b"Connection: close", b"", b""]))
            answer = b"".join(iter(lambda: to.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(OF_THE_HOP)]
        return b"\r\n".join([*lines, b"", b""]), body

    def end(self) -> None:
        shell.end(self._process)


class _Connection(socketserver.StreamRequestHandler):
    server: "Web"  # type: ignore[assignment]

    def handle(self) -> None:
        try:
            while self._answer_one():
                pass
        except OSError:
            pass  # the client has gone

    def _answer_one(self) -> bool:
        request: list[bytes] = []
        while line := self.rfile.readline(65536).rstrip(b"\r\n"):
            request.append(line)
        if not request:
            return False
        words = request[0].split(b" ")
        if len(words) != 3:
            return False
        path = urllib.parse.unquote(words[1].decode("latin-1").partition("?")[0]).lstrip("/")
        self.server.asked.add(path)
        head, body = self.server.nginx.answers(request)
        if int(head.split(b" ", 2)[1]) >= 400:
            self.server.missed.add(path)
        wants_more = not any(line.lower().replace(b" ", b"") == b"connection:close" for line in request) and words[2] == b"HTTP/1.1"
        return self.server.weather.send(self.connection, path, head, body) and wants_more


class Web(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, work: Path, nothing: Path) -> None:
        self.nginx = _Nginx(work / "nginx", nothing)
        self.weather = weather.Weather()
        self.asked: set[str] = set()
        self.missed: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Connection)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def show(self, folder: Path, storm: weather.Weather | None = None) -> None:
        """In fine weather, if no other is given."""
        self.nginx.show(folder)
        self.weather = storm or weather.Weather()
        self.asked.clear()
        self.missed.clear()

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self.nginx.end()
