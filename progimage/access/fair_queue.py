"""A queue for slow work in which clients take turns, also if one of them sends much more."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from progimage.access.admission import current_client
from progimage.errors import Overloaded


class FairQueue:
    """Lets `at_once` threads work at a time; the clients of the waiting threads take turns.

    The next thread belongs to the client with the fewest working threads; among equals, to the
    client whose last turn was longest ago. The threads of one client work in order of arrival.
    So a client with one request waits for at most one turn of each other client, not for all of
    their requests.
    Args:
        at_once: threads that work.
        longest_s: how long a thread may wait for its turn; None: without a limit.
    """

    def __init__(self, at_once: int, longest_s: float | None = None) -> None:
        self._longest_s = longest_s
        self._free = at_once
        self._turns = 0
        self._working: Counter[str] = Counter()
        self._waiting: dict[str, deque[threading.Event]] = {}
        # The number of the last turn of each client that works or waits.
        self._last_turn: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def counts(self) -> tuple[int, int]:
        """How many threads work, and how many wait."""
        with self._lock:
            return self._working.total(), sum(map(len, self._waiting.values()))

    @property
    def clients(self) -> set[str]:
        """The clients that are remembered: those that work or wait."""
        with self._lock:
            return {*self._working, *self._waiting, *self._last_turn}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it is the turn of this thread's client, and work while the block runs.

        Raises:
            Overloaded: its turn did not come in time.
        """
        client = current_client.get()
        called = threading.Event()
        with self._lock:
            self._waiting.setdefault(client, deque()).append(called)
            self._call_next()
        if not called.wait(self._longest_s):
            self._give_up(client, called)
        try:
            yield
        finally:
            with self._lock:
                self._leave(client)
                self._call_next()

    def _give_up(self, client: str, called: threading.Event) -> None:
        """Leave the queue, unless the thread was called in the last moment."""
        with self._lock:
            if called.is_set():
                return
            threads = self._waiting[client]
            threads.remove(called)
            if not threads:
                del self._waiting[client]
                if not self._working[client]:
                    del self._working[client], self._last_turn[client]
        raise Overloaded("other renders take too long; try again shortly")

    def _leave(self, client: str) -> None:
        self._free += 1
        self._working[client] -= 1
        if not self._working[client]:
            del self._working[client]
            if client not in self._waiting:
                del self._last_turn[client]

    def _call_next(self) -> None:
        """Let the next thread work if there is room; the lock is held."""
        if not (self._free and self._waiting):
            return
        client = min(self._waiting, key=lambda name: (self._working[name], self._last_turn[name]))
        threads = self._waiting[client]
        self._free -= 1
        self._turns += 1
        self._working[client] += 1
        self._last_turn[client] = self._turns
        threads.popleft().set()
        if not threads:
            del self._waiting[client]
