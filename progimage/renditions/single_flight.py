"""One does the work, the others wait for it: the thundering herd made a queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from progimage.errors import ProgImageError


class _Flight:
    def __init__(self) -> None:
        self.landed = threading.Event()
        self.error: ProgImageError | None = None


class SingleFlight:
    """Keys that somebody in this process is working on."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @contextmanager
    def join(self, key: str) -> Iterator[bool]:
        """Give True to the first to come; let the others wait for its end, then give False.

        What the first one fails with, the others fail with too: a picture that cannot
        be rendered is not tried once for each of a crowd.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if not leads:
            flight.landed.wait()
            if flight.error is not None:
                raise flight.error
            yield False
            return
        try:
            yield True
        except ProgImageError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
