"""A server before the S3 server, which may answer in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.stores.s3server import App

Environ = dict[str, Any]


class Meddler:
    """Stands before the server; `rule` may answer a request in its place, or return None."""

    def __init__(self) -> None:
        self.rule: Callable[[Environ, Callable[..., Any]], Iterable[bytes] | None] | None = None
        self.seen: list[tuple[str, str | None]] = []

    def before(self, app: App) -> App:
        self.app = app

        def meddle(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes]:
            condition = environ.get("HTTP_IF_MATCH") or environ.get("HTTP_IF_NONE_MATCH")
            self.seen.append((environ["REQUEST_METHOD"], condition))
            answer = self.rule(environ, respond) if self.rule else None
            return app(environ, respond) if answer is None else answer

        return meddle

    def carry_out(self, environ: Environ) -> None:
        """Let the server act on the request, and throw its answer away."""
        list(self.app(environ, lambda *_: None))


def fail(environ: Environ, respond: Callable[..., Any], status: str, code: str = "") -> list[bytes]:
    if length := environ.get("CONTENT_LENGTH"):
        environ["wsgi.input"].read(int(length))
    body = f"<Error><Code>{code}</Code><Message>hush</Message></Error>".encode() if code else b""
    respond(status, [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
    return [body]


def lose_first_answer(meddler: Meddler, method: str) -> None:
    """Carry out the next request of `method`, but answer 500 as an overloaded server may."""
    lost = []

    def rule(environ: Environ, respond: Callable[..., Any]) -> Iterable[bytes] | None:
        if environ["REQUEST_METHOD"] != method or lost:
            return None
        lost.append(True)
        meddler.carry_out(environ)
        environ.pop("CONTENT_LENGTH", None)
        return fail(environ, respond, "500 Internal Server Error", "InternalError")

    meddler.rule = rule
