# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on loopback that shows one folder, and another one when it is told so; it knows what it was asked for."""

from __future__ import annotations

import http.server
import threading
import urllib.parse
from pathlib import Path


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: "Web"  # type: ignore[assignment]

    def __init__(self, request: object, address: object, server: "Web") -> None:
        super().__init__(request, address, server, directory=str(server.folder))  # type: ignore[arg-type]

    def log_message(self, format: str, *words: object) -> None:
        del format, words

    def do_GET(self) -> None:
        self.server.asked.add(urllib.parse.unquote(self.path).lstrip("/"))
        super().do_GET()

    def send_error(self, code: int, *words: object, **more: object) -> None:
        if code == 404:
            self.server.missed.add(urllib.parse.unquote(self.path).lstrip("/"))
        super().send_error(code, *words, **more)  # type: ignore[arg-type]


class Web(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, nothing: Path) -> None:
        self.folder = nothing
        self.asked: set[str] = set()
        self.missed: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def show(self, folder: Path) -> None:
        self.folder = folder
        self.asked.clear()
        self.missed.clear()
