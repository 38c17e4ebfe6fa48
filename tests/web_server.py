"""A web server that an origin points to, and that misbehaves as a test tells it to."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebServer:
    """Sends `files`, by path.

    Attributes:
        status: in place of 200.
        location: where the next requests are redirected to.
        redirects: how many of them.
        lies_by: is added to each Content-Length.
        hangs: sends nothing until the end.
        drips: sends a body byte by byte.
        seen: the path and the headers of each request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.status = 200
        self.location = ""
        self.redirects = 1
        self.seen: list[dict[str, str]] = []
        self.hangs = threading.Event()
        self.lies_by = 0
        self.drips = False
        self.is_over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/base/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.seen.append({"path": handler.path, **dict(handler.headers)})
        if self.hangs.is_set():
            self.is_over.wait(60)
        if self.location:
            handler.send_response(302)
            handler.send_header("Location", self.location)
            handler.end_headers()
            self.redirects -= 1
            if not self.redirects:
                self.location, self.redirects = "", 1
            return
        data = self.files.get(handler.path)
        status = self.status if data is not None else 404
        etag = f'"{hash(data) & 0xFFFF}"'
        if status == 200 and handler.headers.get("If-None-Match") == etag:
            status, data = 304, b""
        handler.send_response(status)
        handler.send_header("ETag", etag)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data or b"") + self.lies_by))
        handler.end_headers()
        if self.drips:
            self.drip(handler, data or b"")
        elif data and status != 304:
            handler.wfile.write(data)

    def drip(self, handler: BaseHTTPRequestHandler, data: bytes) -> None:
        """Send a byte whenever a client would soon give up on a silent connection."""
        with suppress(OSError):
            for byte in data:
                handler.wfile.write(bytes([byte]))
                if self.is_over.wait(0.1):
                    return

    def close(self) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
