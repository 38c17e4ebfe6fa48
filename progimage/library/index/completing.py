"""A thread that fetches the rest of shelves of which searches have read something.

It is there while there is something to fetch. Its queue is bounded: a search that reads all
shelves of a very large library does not make the node fetch all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from progimage.errors import ProgImageError

log = structlog.get_logger()

MOST = 64
"""Shelves that wait, of about four million pictures. Others wait for their next search."""

_PAUSE_S = 1.0
"""While searches fetch what they need, so long from one request of this thread to the next."""


class Completing:
    """Calls `complete` for names, one after the other, in a thread of its own.

    Args:
        complete: fetches the rest of a shelf. It is also given what it calls before each request.
        pause_s: see `_PAUSE_S`.
    """

    def __init__(
        self, complete: Callable[[str, Callable[[], None]], None], pause_s: float = _PAUSE_S
    ) -> None:
        self._complete = complete
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._is_running = False
        self._last_use = 0.0

    def add(self, name: str) -> None:
        """Note that a search reads from a shelf that is not complete."""
        with self._lock:
            self._last_use = time.monotonic()
            if len(self._waiting) < MOST:
                self._waiting[name] = None
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="shelves", daemon=True).start()

    def _run(self) -> None:
        while (name := self._next()) is not None:
            try:
                self._complete(name, self._let_searches_go_first)
            except ProgImageError as error:
                log.info("a shelf of the index is not complete yet", reason=str(error))
            except Exception:
                if not threading.main_thread().is_alive():
                    return  # The process ends: the threads that help with the store have ended.
                log.exception("unexpected error in fetching a shelf")

    def _next(self) -> str | None:
        with self._lock:
            name = next(iter(self._waiting), None)
            if name is None:
                self._is_running = False
            else:
                del self._waiting[name]
            return name

    def _let_searches_go_first(self) -> None:
        if time.monotonic() - self._last_use < self._pause_s:
            time.sleep(self._pause_s)
