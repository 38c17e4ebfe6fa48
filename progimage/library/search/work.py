"""A bound on what one request may cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

MAX_STEPS = 50_000
MAX_SECONDS = 5.0


class Unfinished(Exception):
    """The bound is reached; everything before `position` has been looked at."""

    def __init__(self, position: str) -> None:
        super().__init__(position)
        self.position = position


class Work:
    """Counts the postings a search looks at, in each scope for itself.

    Args:
        max_steps, max_seconds: `Unfinished` after so many postings of one scope, or so long.
    """

    def __init__(
        self,
        max_steps: float = MAX_STEPS,
        max_seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_steps = max_steps
        self._deadline = clock() + max_seconds
        self._clock = clock
        self._taken: Counter[str] = Counter()

    def restrict(self, steps: int) -> None:
        """Let at most so many more postings be looked at."""
        self._max_steps = min(self._max_steps, max(self._taken.values(), default=0) + steps)

    def step(self, scope: str, position: str) -> None:
        """Look at one more posting of a scope, where all before it have been looked at.

        Raises:
            Unfinished: that would be one too many.
        """
        taken = self._taken[scope] = self._taken[scope] + 1
        is_late = taken % 32 == 0 and self._clock() > self._deadline
        if taken > self._max_steps or is_late:
            raise Unfinished(position)


def unlimited() -> Work:
    """Return a bound that is never reached."""
    return Work(float("inf"), float("inf"))
