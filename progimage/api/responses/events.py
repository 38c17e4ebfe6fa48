"""Server-sent events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from typing import Any

from progimage.errors import StoreUnavailable

MEDIA_TYPE = "text/event-stream"

LOOK_S = 1.0
# Proxies and browsers close connections that are silent for about a minute.
_KEEP_ALIVE_S = 15.0
# After this time the client reconnects, so that no stream occupies a thread for ever.
_LASTS_S = 600.0
_RETRY_MS = 2_000

Look = Callable[[], tuple[dict[str, Any], bool]]


class EventStream:
    """The body of a response: an event whenever the result of `look` has changed.

    Args:
        look: returns a document and True if it is the last one. The last one is sent as
            `finished`, the others as `progress`.
        place: released when the stream is closed, even if the stream was never read.
        is_stopping: returns True once the process is stopping.
    """

    def __init__(
        self, look: Look, place: AbstractContextManager[None], is_stopping: Callable[[], bool]
    ) -> None:
        self._look = look
        self._is_stopping = is_stopping
        self._place = place
        self._place.__enter__()
        self._is_open = True
        self._events = self._every()

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """Release the place."""
        self._events.close()
        if self._is_open:
            self._is_open = False
            self._place.__exit__(None, None, None)

    def _every(self) -> Generator[bytes, None, None]:
        ends = time.monotonic() + _LASTS_S
        yield f"retry: {_RETRY_MS}\n\n".encode()
        sent: dict[str, Any] | None = None
        last_sent = time.monotonic()
        while time.monotonic() < ends and not self._is_stopping():
            document, is_last = self._look_if_possible() or (sent, False)
            if document is not None and document != sent:
                yield _event("finished" if is_last else "progress", document)
                sent, last_sent = document, time.monotonic()
            elif time.monotonic() - last_sent >= _KEEP_ALIVE_S:
                yield b": still there\n\n"
                last_sent = time.monotonic()
            if is_last:
                return
            time.sleep(LOOK_S)

    def _look_if_possible(self) -> tuple[dict[str, Any], bool] | None:
        try:
            return self._look()
        except StoreUnavailable:
            return None  # tried again in the next round


def _event(name: str, document: dict[str, Any]) -> bytes:
    data = json.dumps(document, ensure_ascii=False)
    # A client that reconnects sends the id back as Last-Event-ID.
    return f"event: {name}\nid: {name}\ndata: {data}\n\n".encode()
