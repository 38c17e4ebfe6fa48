"""When a failed request is sent again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retries:
    """When to try again after 429, 502 to 504 and broken connections.

    The n-th pause is random between 0 and `backoff_s` * 2^n, at most `max_backoff_s`,
    plus the time that the server asks for in Retry-After. If the server asks for more
    than `max_wait_s`, there is no further try.
    Source: "Exponential Backoff And Jitter", AWS Architecture Blog (full jitter).
    """

    attempts: int = 5
    backoff_s: float = 0.25
    max_backoff_s: float = 8.0
    max_wait_s: float = 60.0

    def pause_s(self, tries: int, retry_after_s: float | None = None) -> float | None:
        """Return how long to wait after so many tries, or None to give up."""
        if tries >= self.attempts or (retry_after_s or 0) > self.max_wait_s:
            return None
        bound = min(self.max_backoff_s, self.backoff_s * 2 ** (tries - 1))
        return (retry_after_s or 0) + random.uniform(0, bound)  # noqa: S311 (no secret)
