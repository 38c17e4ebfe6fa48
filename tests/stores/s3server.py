"""An S3 server on a real socket for the tests: moto, made to keep S3's promises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import boto3
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

BUCKET = "progimage-tests"

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class QuietHandler(MotoRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing: a line for each request would bury the tests' own output."""


class AtomicWrites:
    """Let one write at a time into `app`.

    S3 documents that a conditional put is atomic; moto checks the condition first
    and writes later, in as many threads as there are requests.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._app(environ, respond)
        with self._lock:
            return list(self._app(environ, respond))


@contextmanager
def s3_server(between: Callable[[App], App] = lambda app: app) -> Iterator[str]:
    """Run a server with an empty bucket; yield its URL as a store's endpoint.

    `between` wraps the application, to make a server that misbehaves.
    """
    app = between(AtomicWrites(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(
            Bucket=BUCKET
        )
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def store_url(endpoint: str, prefix: str) -> str:
    """Return the URL of a store under `prefix` of the test bucket."""
    return (
        f"s3://{BUCKET}/{prefix}?endpoint_url={quote(endpoint, safe='')}"
        "&region=us-east-1&read_timeout_s=30"
    )
