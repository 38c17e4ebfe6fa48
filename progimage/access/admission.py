"""A bounded number of requests may wait for slow work; the next is refused at once.

No client can take all places: half of them are left to others. For whom a thread works
is noted once for each request, by `ClientOfRequest`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from progimage.errors import Overloaded
from progimage.telemetry import metrics

current_client: ContextVar[str] = ContextVar("current_client", default="")
"""The account or address that this thread works for; "" if it works for no client."""


class Admission:
    """Room for `places` requests at a time, for one client at most for half as many."""

    def __init__(self, places: int, work: str) -> None:
        self._places = places
        self._most_of_one = (places + 1) // 2
        self._work = work
        self._taken = 0
        self._taken_by: Counter[str] = Counter()
        self._lock = threading.Lock()
        metrics.places(work, places)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place for the length of the block.

        Raises:
            Overloaded: all are taken, or the client has its share of them already.
        """
        client = current_client.get()
        self._take(client)
        metrics.admitted(self._work, 1)
        try:
            yield
        finally:
            metrics.admitted(self._work, -1)
            with self._lock:
                self._taken -= 1
                self._taken_by[client] -= 1
                if not self._taken_by[client]:
                    del self._taken_by[client]

    def _take(self, client: str) -> None:
        with self._lock:
            is_full = self._taken >= self._places
            has_share = client != "" and self._taken_by[client] >= self._most_of_one
            if not (is_full or has_share):
                self._taken += 1
                self._taken_by[client] += 1
                return
        metrics.rejection(self._work)
        whose = "of yours" if has_share else "here"
        raise Overloaded(f"too many {self._work} {whose} are waiting already; try again shortly")
