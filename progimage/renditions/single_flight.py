"""Single flight: of several threads that need the same result, one makes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from progimage.errors import Overloaded, ProgImageError


class _Flight:
    def __init__(self) -> None:
        self.landed = threading.Event()
        self.error: ProgImageError | None = None


class SingleFlight:
    """The keys whose results are being made in this process."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    @contextmanager
    def join(self, key: str) -> Iterator[bool]:
        """Yield True to the first thread; the others wait until it ends, and get False.

        An error of the first thread is raised in the others too: a picture that cannot
        be rendered is not tried once for each request. Not so if its client had too much work
        waiting, which says nothing about the others: they get False, and go on by themselves.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if not leads:
            flight.landed.wait()
            if flight.error is not None and not isinstance(flight.error, Overloaded):
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
