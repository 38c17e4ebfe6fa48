"""An S3 server that gives wrong answers on command, to a share of the requests."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.stores.s3server import App

# One of so many requests gets a wrong answer: every action meets one, and still comes to its end.
ONE_OF = 6

Environ = dict[str, Any]
Respond = Callable[..., Any]


@dataclass
class Answer:
    """What the server says to one request, whole."""

    status: str = "200 OK"
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def of(cls, app: App, environ: Environ) -> Answer:
        """Have the server do what is requested."""
        answer = cls()

        def respond(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            answer.status, answer.headers = status, headers

        answer.body = b"".join(app(environ, respond))
        return answer

    def with_body(self, body: bytes) -> Answer:
        """Return the same with another body and its true length."""
        headers = [(name, value) for name, value in self.headers if name != "Content-Length"]
        return Answer(self.status, [*headers, ("Content-Length", str(len(body)))], body)


def error(status: str, code: str) -> Answer:
    """Return an error as S3 writes it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return Answer(status, [("Content-Type", "application/xml")]).with_body(body.encode())


HTML = Answer(headers=[("Content-Type", "text/html")]).with_body(b"<html>Welcome</html>")

INSTEAD = {
    "a page of HTML with 200": HTML,
    "an error document with 200": error("200 OK", "InternalError"),
    "nothing with 200": Answer().with_body(b""),
    "an internal error": error("500 Internal Server Error", "InternalError"),
    "slow down": error("503 Slow Down", "SlowDown"),
    "too many requests": error("429 Too Many Requests", "TooManyRequests"),
    "a gateway's error": Answer("502 Bad Gateway").with_body(b"<html>Bad Gateway</html>"),
    "access denied": error("403 Forbidden", "AccessDenied"),
    "a time-out of the request": error("400 Bad Request", "RequestTimeout"),
    "a wrong clock": error("403 Forbidden", "RequestTimeTooSkewed"),
    "a conflict": error("409 Conflict", "OperationAborted"),
    "a redirect to nowhere": error("301 Moved Permanently", "PermanentRedirect"),
    "an unknown status": Answer("299 Fine").with_body(b"<fine/>"),
}
"""Answers in place of doing what is requested; some also come after it was done."""

AFTERWARDS = ("a page of HTML with 200", "an internal error", "a gateway's error")


def flipped(data: bytes) -> bytes:
    """Return the bytes with one bit in their middle changed."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data


class MisbehavingS3:
    """Stands before an S3 server.

    Attributes:
        fault: which of `FAULTS` happens to one of `ONE_OF` requests; None: the server is well.
        done: how many answers were wrong.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.done = 0
        self._numbers = itertools.count(1)

    def before(self, app: App) -> App:
        """Return the server with its faults."""

        def serve(environ: Environ, respond: Respond) -> Iterable[bytes]:
            fault = self.fault
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if fault is None or next(self._numbers) % ONE_OF:
                return _checked(app, environ, respond, body)
            self.done += 1
            return FAULTS[fault](app, environ, respond, body)

        return serve


def _checked(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
    """Do what is requested if the body is the one that was promised, as S3 does and moto does not.

    Content-MD5: RFC 1864 and the PutObject page of S3's API reference.
    """
    promised = environ.get("HTTP_CONTENT_MD5")
    if promised and base64.b64decode(promised) != hashlib.md5(body).digest():  # noqa: S324
        return _sent(error("400 Bad Request", "BadDigest"), respond)
    environ["wsgi.input"] = io.BytesIO(body)
    return app(environ, respond)


def _done(app: App, environ: Environ, body: bytes) -> Answer:
    return Answer.of(lambda e, r: _checked(app, e, r, body), environ)


def _sent(answer: Answer, respond: Respond) -> Iterable[bytes]:
    respond(answer.status, answer.headers)
    return [answer.body]


Fault = Callable[[App, Environ, Respond, bytes], Iterable[bytes]]


def _instead(answer: Answer) -> Fault:
    return lambda app, environ, respond, body: _sent(answer, respond)


def _after(answer: Answer) -> Fault:
    def fault(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
        _done(app, environ, body)
        return _sent(answer, respond)

    return fault


def _changed(change: Callable[[bytes], bytes], *, tells_its_length: bool = True) -> Fault:
    """Change the bodies of answers to GET."""

    def fault(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
        answer = _done(app, environ, body)
        if environ["REQUEST_METHOD"] != "GET":
            return _sent(answer, respond)
        changed = change(answer.body)
        if tells_its_length:
            return _sent(answer.with_body(changed), respond)
        respond(answer.status, answer.with_body(answer.body).headers)
        return _then_ended(environ, changed)

    return fault


def _then_ended(environ: Environ, data: bytes) -> Iterator[bytes]:
    yield data
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _ended(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return []


def _ended_after(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
    _done(app, environ, body)
    return _ended(app, environ, respond, body)


def _request_changed(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterable[bytes]:
    return _checked(app, environ, respond, flipped(body))


def _in_drops(app: App, environ: Environ, respond: Respond, body: bytes) -> Iterator[bytes]:
    answer = _done(app, environ, body)
    respond(answer.status, answer.headers)
    piece = len(answer.body) // 5 + 1
    for start in range(0, len(answer.body), piece):
        time.sleep(0.1)
        yield answer.body[start : start + piece]


FAULTS: dict[str, Fault] = {
    **{name: _instead(answer) for name, answer in INSTEAD.items()},
    **{f"{name}, after it was done": _after(INSTEAD[name]) for name in AFTERWARDS},
    "an object with one bit changed": _changed(flipped),
    "half of an object": _changed(lambda data: data[: len(data) // 2]),
    "half of an object, then the end": _changed(
        lambda data: data[: len(data) // 2], tells_its_length=False
    ),
    "an object in drops": _in_drops,
    "a request with one bit changed": _request_changed,
    "the end of the connection": _ended,
    "the end of the connection, after it was done": _ended_after,
}
