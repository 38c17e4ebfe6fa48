"""Admission control: only a bounded number of requests may wait for slow work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from progimage.errors import Overloaded
from progimage.telemetry import metrics


class Admission:
    """A number of places; a request without one fails at once."""

    def __init__(self, places: int, work: str) -> None:
        self._free = threading.Semaphore(places)
        self._work = work
        metrics.places(work, places)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place for the length of the block.

        Raises:
            Overloaded: no place is free.
        """
        if not self._free.acquire(blocking=False):
            metrics.rejection(self._work)
            raise Overloaded(f"too many {self._work} are waiting already; try again shortly")
        metrics.admitted(self._work, 1)
        try:
            yield
        finally:
            metrics.admitted(self._work, -1)
            self._free.release()
