"""A server with scripted replies, one for each request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A reply; `cut` closes the connection after so many bytes of the body, -1 before the head."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    answer: Callable[[Seen], Reply]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""


def busy(status: int = 503, **headers: str) -> Reply:
    document = {"type": "urn:x", "title": "Too busy", "status": status, "detail": "come back"}
    return Reply(status, document, {"Content-Type": "application/problem+json", **headers})


CUT = Reply(cut=-1)


@contextmanager
def scripted(replies: Sequence[Reply] | Callable[[Seen], Reply]) -> Iterator[Scripted]:
    """Serve the replies in turn, then 418; or what a function of the request returns."""
    if callable(replies):
        script = Scripted(replies)
    else:
        rest = list(replies)
        script = Scripted(lambda _: rest.pop(0) if rest else Reply(418, {}))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, self.path, headers, body)
            script.seen.append(seen)
            reply = script.answer(seen)
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            # A 204 has no body. Bytes after its head would make the client reset the connection.
            data = b"" if reply.status == 204 else data
            if reply.cut == -1:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data if reply.cut is None else data[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = do_PUT = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
