"""A circuit breaker: while the store is known to be silent, no other call waits to find out.

Without it, a silent store holds every thread for its deadline, and requests behind them
wait far longer than theirs. As Nygard describes it ("Release It!", 2007), with a trial
every other second, so that an answer is noticed at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from progimage.errors import StoreError, StoreUnavailable

_SLOW_S = 1.0
_FAILURES = 3
_TRIAL_EVERY_S = 2.0


class CircuitBreaker:
    """Opens after three calls that failed slowly, with no answer to any between them.

    Calls that fail at once delay no request and change nothing; any answer closes it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_trial = 0.0

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Let the block ask the store, unless it is known to be silent.

        Raises:
            StoreUnavailable: it is silent, and this is not the next trial.
        """
        self._enter()
        started = self._clock()
        try:
            yield
        except StoreUnavailable:
            if self._clock() - started > _SLOW_S:
                with self._lock:
                    self._failures += 1
            raise
        except StoreError:
            self._close()  # it answered, for example that there is no such object
            raise
        self._close()

    def _enter(self) -> None:
        if self._failures < _FAILURES:
            return
        with self._lock:
            now = self._clock()
            if now < self._next_trial:
                raise StoreUnavailable("the store has stopped answering; it is tried again")
            self._next_trial = now + _TRIAL_EVERY_S

    def _close(self) -> None:
        self._failures = 0
