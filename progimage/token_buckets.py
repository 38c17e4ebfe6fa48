"""Rate limits by token buckets, one for each client, in bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from progimage.errors import RateLimited

_REMEMBERED_CLIENTS = 10_000
# A token less what sums of fractions lose: who waited as told must not be told again.
_TOKEN = 1 - 1e-9


class _Bucket(NamedTuple):
    tokens: float
    at_s: float


class TokenBuckets:
    """`burst` tokens at once for each client, and `per_minute` more in each minute.

    The buckets of `capacity` clients are remembered; one more takes the place of the
    client who has been away longest, who will find a full bucket again.
    """

    def __init__(
        self,
        per_minute: float,
        burst: int,
        capacity: int = _REMEMBERED_CLIENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._capacity = capacity
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, client: str, work: str) -> None:
        """Take a token of `client` for one piece of `work`; what is refused costs nothing.

        Raises:
            RateLimited: there is none; says when there will be one.
        """
        with self._lock:
            now_s = self._clock()
            bucket = self._buckets.pop(client, None) or _Bucket(self._burst, now_s)
            grown = bucket.tokens + (now_s - bucket.at_s) * self._per_second
            tokens = min(float(self._burst), grown)
            self._buckets[client] = _Bucket(tokens - 1 if tokens >= _TOKEN else tokens, now_s)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        if tokens < _TOKEN:
            wait_s = math.ceil((1 - tokens) / self._per_second)
            raise RateLimited(
                f"you have asked for more {work} than are made for one client; "
                f"the next is made in {wait_s} s",
                retry_after_s=wait_s,
            )
