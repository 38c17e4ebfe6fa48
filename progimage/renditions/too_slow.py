"""Renditions that took too much processor time, and are not tried again for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from progimage.errors import RenderTimeout

_SECONDS = 600.0


class TooSlow:
    """Remembers keys of renditions that ended in `RenderTimeout`, each for ten minutes.

    Args:
        most: how many at a time; the oldest is forgotten first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, most: int = 10_000) -> None:
        self._most = most
        self._clock = clock
        self._ends: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Raise `RenderTimeout` if the rendition ended in it within the last ten minutes."""
        with self._lock:
            ends, message = self._ends.get(key, (0.0, ""))
        if message and self._clock() < ends:
            raise RenderTimeout(message)

    @contextmanager
    def noting(self, key: str) -> Iterator[None]:
        """Remember the key if the block raises `RenderTimeout`."""
        try:
            yield
        except RenderTimeout as error:
            with self._lock:
                self._ends[key] = self._clock() + _SECONDS, str(error)
                self._ends.move_to_end(key)
                while len(self._ends) > self._most:
                    self._ends.popitem(last=False)
            raise
