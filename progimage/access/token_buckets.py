"""Token buckets, one for each key, in bounded memory: a burst, then a steady rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from progimage.lru import LockedLru

_REMEMBERED = 20_000
# Rounding may lose this fraction of a token: a client that has waited for the announced time
# must get its token.
_ROUNDING = 1e-7


class TokenBuckets:
    """Gives each key `burst` tokens at once, and one more every `every_s`.

    Only one time is stored for each key: when its bucket will be full again (GCRA, the
    generic cell rate algorithm of ATM, ITU-T I.371). If there are more than `capacity` keys,
    the least recently used one is removed, and its bucket counts as full.
    """

    def __init__(
        self,
        burst: int,
        every_s: float,
        capacity: int = _REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every_s = every_s
        self._longest_s = (burst + _ROUNDING) * every_s
        self._clock = clock
        self._full_at: LockedLru[str, float] = LockedLru(capacity)

    def __len__(self) -> int:
        """Return how many clients are remembered."""
        return len(self._full_at)

    def take(self, key: str) -> int:
        """Take a token and return 0; if there is none, return the seconds until the next one."""
        over_s = 0.0

        def taken(full_at: float | None) -> float:
            nonlocal over_s
            now = self._clock()
            before = max(full_at if full_at is not None else now, now)
            over_s = before + self._every_s - now - self._longest_s
            return before if over_s > 0 else before + self._every_s

        self._full_at.update(key, taken)
        return math.ceil(over_s) if over_s > 0 else 0

    def give_back(self, key: str) -> None:
        """Return a token that was taken."""
        if self._full_at.get(key) is not None:
            self._full_at.update(key, lambda full_at: (full_at or 0) - self._every_s)
