"""A limit on the time that one request may wait for the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from progimage.stores.deadline import deadline

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class StoreDeadline:
    """WSGI middleware: a request waits for the store for at most `limit_s` in all.

    The limit applies until the head of the answer is sent. A body that is produced while it
    is sent (an event stream, a listing line by line, an original) may take longer; then each
    call to the store has a separate limit.
    """

    def __init__(self, app: WSGIApplication, limit_s: float) -> None:
        self._app = app
        self._limit_s = limit_s

    def __call__(self, env: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        with deadline(self._limit_s):
            return self._app(env, start_response)
