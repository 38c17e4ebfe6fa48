"""One budget of waiting for the store for all that a request asks of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from progimage.stores.deadline import deadline

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class StoreDeadline:
    """WSGI middleware: a request waits for the store no longer than `limit_s` in all.

    That ends with the answer's head. A body that is made or read while it is sent (a
    stream, a listing line by line, an original) may take as long as it needs, and each
    call to the store on its way has a budget of its own.
    """

    def __init__(self, app: WSGIApplication, limit_s: float) -> None:
        self._app = app
        self._limit_s = limit_s

    def __call__(self, env: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        with deadline(self._limit_s):
            return self._app(env, start_response)
