"""A bound on what one request may cost."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_STEPS = 50_000
MAX_SECONDS = 5.0


class Unfinished(Exception):
    """The bound is reached; everything before `position` has been looked at."""

    def __init__(self, position: str) -> None:
        super().__init__(position)
        self.position = position


class Work:
    """Counts the postings a search looks at.

    Args:
        max_steps, max_seconds: raise `Unfinished` after so many postings, or so long.
    """

    def __init__(
        self,
        max_steps: float = MAX_STEPS,
        max_seconds: float = MAX_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._left = max_steps
        self._deadline = clock() + max_seconds
        self._clock = clock

    def restrict(self, steps: int) -> None:
        """Let at most so many more postings be looked at."""
        self._left = min(self._left, steps)

    def step(self, position: str) -> None:
        """Look at one more posting; everything before it has been looked at.

        Raises:
            Unfinished: that would be one too many.
        """
        self._left -= 1
        if self._left < 0 or (self._left % 32 == 0 and self._clock() > self._deadline):
            self._left = -1
            raise Unfinished(position)


def unlimited() -> Work:
    """Return a bound that is never reached."""
    return Work(float("inf"), float("inf"))
