"""A bound on attempts, kept by each web process for itself."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock

from progimage.errors import TooManyAttempts

_REMEMBERED = 20_000


class Throttle:
    """At most `limit` attempts of one kind at once, and one more every `window_s / limit`.

    That is a bucket that leaks (GCRA): a number for each key, and what is long past
    makes room for others.
    """

    def __init__(
        self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every_s = window_s / limit
        self._window_s = window_s
        self._clock = clock
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def attempt(self, key: str) -> None:
        """Count an attempt.

        Raises:
            TooManyAttempts: there were too many; it does not count.
        """
        with self._lock:
            now = self._clock()
            full_for_s = max(self._empty_at.get(key, now), now) + self._every_s - now
            if full_for_s > self._window_s + 1e-6:
                raise TooManyAttempts(
                    "too many attempts; wait before the next one",
                    retry_after_s=ceil(full_for_s - self._window_s),
                )
            self._empty_at[key] = now + full_for_s
            self._empty_at.move_to_end(key)
            if len(self._empty_at) > _REMEMBERED:
                self._empty_at.popitem(last=False)

    def forgive(self, key: str) -> None:
        """Take the last attempt back: it was a good one."""
        with self._lock:
            if key in self._empty_at:
                self._empty_at[key] -= self._every_s
