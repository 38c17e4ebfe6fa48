"""Limits attempts, separately in each web process."""

from __future__ import annotations

import time
from collections.abc import Callable

from progimage.access.token_buckets import TokenBuckets
from progimage.errors import TooManyAttempts


class Throttle:
    """At most `limit` attempts of one kind at once, and one more every `window_s / limit`."""

    def __init__(
        self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets = TokenBuckets(limit, window_s / limit, clock=clock)

    def attempt(self, key: str) -> None:
        """Count an attempt.

        Raises:
            TooManyAttempts: there were too many; this attempt does not count.
        """
        if wait_s := self._buckets.take(key):
            raise TooManyAttempts(
                "too many attempts; wait before the next one", retry_after_s=wait_s
            )

    def forgive(self, key: str) -> None:
        """Do not count the last attempt, since it was successful."""
        self._buckets.give_back(key)
