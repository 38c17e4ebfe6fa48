"""Limits the requests that run or wait for slow work; further ones are rejected at once.

One client may use at most half of the places. `ClientOfRequest` sets the client of a thread
once for each request.
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
    """Admits `places` requests at a time, and at most half as many of one client.

    Attributes:
        turned_away: how many requests found all places occupied.
    """

    def __init__(self, places: int, work: str) -> None:
        self._places = places
        self._most_of_one = (places + 1) // 2
        self._work = work
        self.turned_away = 0
        self._taken = 0
        self._taken_by: Counter[str] = Counter()
        self._lock = threading.Lock()
        metrics.places(work, places)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Occupy a place while the block runs.

        Raises:
            Overloaded: all places are occupied, or the client has its share already.
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
            self.turned_away += not has_share
        metrics.rejection(self._work)
        whose = "of this client" if has_share else "of all clients"
        raise Overloaded(f"too many {self._work} {whose} are waiting already; try again shortly")
