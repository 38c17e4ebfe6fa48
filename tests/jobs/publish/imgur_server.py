"""A server that behaves as version 3 of Imgur's API does, or as it does on bad days.

Source: https://apidocs.imgur.com, "Image Upload" and "Rate Limits".
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CLIENT_ID = "546c25a59c58ad7"


@dataclass
class Upload:
    """A picture that was taken."""

    fields: dict[str, str]
    data: bytes


@dataclass
class FakeImgur:
    """What it holds, and what it does to the next requests.

    Attributes:
        address: of the API.
        uploads: the pictures it has, in order.
        moods: how the next requests are answered, one each: a status, bytes to answer
            with, or `None` for a connection that breaks after the picture was taken.
        headers: sent with every answer.
        posts: how many requests came.
    """

    address: str = ""
    uploads: list[Upload] = field(default_factory=list)
    moods: list[int | bytes | None] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    posts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(  # noqa: PLR0911
        self, handler: BaseHTTPRequestHandler
    ) -> tuple[int, bytes] | None:
        """Return status and body of the answer to one request."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.lock:
            self.posts += 1
            mood = self.moods.pop(0) if self.moods else 200
            if isinstance(mood, bytes):
                return 200, mood
            if mood not in (200, None):
                return mood, error(mood)
            if handler.path != "/3/image":
                return 404, error(404)
            if handler.headers["Authorization"] != f"Client-ID {CLIENT_ID}":
                return 403, error(403)
            fields, data = parse_form(handler.headers["Content-Type"], body)
            if not data:
                return 400, error(400)
            self.uploads.append(Upload(fields, data))
            if mood is None:
                return None
            return 200, success(len(self.uploads))


def success(number: int) -> bytes:
    """Return the answer to an upload."""
    data: dict[str, Any] = {
        "id": f"pic{number:04}",
        "title": None,
        "datetime": 1605683608,
        "type": "image/jpeg",
        "animated": False,
        "width": 48,
        "height": 32,
        "deletehash": f"hash{number:04}",
        "name": "",
        "link": f"https://i.imgur.com/pic{number:04}.jpg",
    }
    return json.dumps({"data": data, "success": True, "status": 200}).encode()


def error(status: int) -> bytes:
    """Return an error as the API writes it."""
    data = {"error": "secret words", "request": "/3/image", "method": "POST"}
    return json.dumps({"data": data, "success": False, "status": status}).encode()


def parse_form(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Return the fields of a form, and the bytes of its file."""
    boundary = re.search(r"boundary=(\S+)", content_type)
    assert boundary
    fields, data = {}, b""
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name
        if b"filename=" in head:
            assert name[1] == b"image"
            data = content.removesuffix(b"\r\n")
        else:
            fields[name[1].decode()] = content.removesuffix(b"\r\n").decode()
    return fields, data


@contextmanager
def fake_imgur() -> Iterator[FakeImgur]:
    """Run one."""
    imgur = FakeImgur()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = imgur.take(self)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            self.send_response(status)
            for name, value in imgur.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    imgur.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield imgur
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
