"""A web server with as many pictures as are asked for, which counts what was fetched."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from tests.imaging.drawing import saved


class Source(ThreadingHTTPServer):
    """Serves `/<number>.png`, a picture of its own for each number.

    Attributes:
        fetched: how often each path was asked for.
        gate: closed, it lets no answer out but those to paths in `open_paths`.
        answers: statuses to give before the picture, by path, one a request.
        under_way: how many requests have no answer yet.
        at_once: the most requests that were under way at a time.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fetched: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.open_paths: set[str] = set()
        self.answers: dict[str, list[int]] = {}
        self.under_way = self.at_once = 0
        self.lock = threading.Lock()

    def url(self, path: object) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    def urls(self, count: int) -> list[str]:
        return [self.url(f"{number}.png") for number in range(count)]

    def picture(self, number: int) -> bytes:
        """Return the picture of a number."""
        colour = (number % 256, number // 256, 99)
        return saved(Image.new("RGB", (6, 5), colour), "PNG")

    def handle_error(self, request, client_address) -> None:
        """Say nothing of clients that were killed."""


class _Handler(BaseHTTPRequestHandler):
    server: Source

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        with self.server.lock:
            self.server.fetched[path] += 1
            self.server.under_way += 1
            self.server.at_once = max(self.server.at_once, self.server.under_way)
        try:
            if path not in self.server.open_paths:
                self.server.gate.wait(60)
        finally:
            # Before the answer, after which the client may send its next request at once.
            with self.server.lock:
                self.server.under_way -= 1
        self._answer(path)

    def _answer(self, path: str) -> None:
        planned = self.server.answers.get(path)
        if planned:
            self.send_response(planned.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = self.server.picture(int(path.removesuffix(".png")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args) -> None:
        """Be quiet."""


@contextmanager
def source() -> Iterator[Source]:
    """Run a source."""
    server = Source()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
