"""Token buckets, one for each key, in bounded memory: a burst at once, then a steady pace."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_REMEMBERED = 20_000
# Of a token, what sums of fractions may lose: who waited as told must not be told again.
_ROUNDING = 1e-7


class TokenBuckets:
    """`burst` tokens at once for each key, and one more every `every_s`.

    For each key only the moment is kept at which its bucket will be full again (GCRA, the
    generic cell rate algorithm of ATM, ITU-T I.371). Those of `capacity` keys are
    remembered; one more takes the place of the key that was not heard of for longest,
    whose bucket is full from then on.
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
        self._capacity = capacity
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> int:
        """Take a token: 0, or if there is none, the seconds until there will be one."""
        with self._lock:
            now = self._clock()
            before = max(self._full_at.pop(key, now), now)
            over_s = before + self._every_s - now - self._longest_s
            self._full_at[key] = before if over_s > 0 else before + self._every_s
            if len(self._full_at) > self._capacity:
                self._full_at.popitem(last=False)
        return math.ceil(over_s) if over_s > 0 else 0

    def give_back(self, key: str) -> None:
        """Put a token back that was taken for nothing."""
        with self._lock:
            if key in self._full_at:
                self._full_at[key] -= self._every_s
