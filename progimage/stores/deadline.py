"""How long one request may wait for the store in all its calls.

The clock runs while at least one call waits for the store, and stops while the request
receives, renders or sends. Progress does not count: not the wait for a call that the store
answered within a second, and not the time of each block of a large object that is sent to the
store. So long uploads, listings and bulk requests are not cut off. Only time spent on a store
that is slow, silent or failing counts, and a request has `limit_s` of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from progimage.errors import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

PROMPT_S = 1.0
"""An answer within this time is progress."""


class Budget:
    """The time that one request may still wait; shared by all its threads."""

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_s = limit_s
        self._clock = clock
        self._lock = threading.Lock()
        self._left = limit_s
        self._waiting = 0
        self._counted_to = 0.0

    @property
    def left_s(self) -> float:
        """Seconds, 0 or less if there are none."""
        with self._lock:
            self._count()
            return self._left

    def check(self) -> float:
        """Return the seconds that are left, or raise `StoreUnavailable` if there are none."""
        left = self.left_s
        if left <= 0:
            raise StoreUnavailable(
                f"the store took more than the {self.limit_s:g} seconds that a request waits for it"
            )
        return left

    def progress(self) -> None:
        """Note progress: the time since the last look does not count."""
        with self._lock:
            self._counted_to = self._clock()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the clock run during the block, a call to the store.

        Raises:
            StoreUnavailable: no time is left, so the block did not run.
        """
        before = self.check()
        with self._lock:
            self._count()
            self._waiting += 1
        is_answered = True
        try:
            yield
        except StoreUnavailable:
            is_answered = False
            raise
        finally:
            with self._lock:
                self._count()
                self._waiting -= 1
                spent = before - self._left
                if is_answered and 0 < spent <= PROMPT_S:
                    self._left += spent

    def _count(self) -> None:
        now = self._clock()
        if self._waiting:
            self._left -= now - self._counted_to
        self._counted_to = now


_budget: ContextVar[Budget | None] = ContextVar("store_budget", default=None)


@contextmanager
def deadline(limit_s: float) -> Iterator[Budget]:
    """Let all calls to the store in the block share one budget: the outer one, if any."""
    budget = _budget.get()
    if budget is not None:
        yield budget
        return
    budget = Budget(limit_s)
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


def budget() -> Budget | None:
    """Return the budget in force, if any."""
    return _budget.get()


@contextmanager
def held(lock: threading.Lock | threading.RLock) -> Iterator[None]:
    """Hold a lock, whose other holders use the store, during the block.

    The wait for it counts as a wait for the store.

    Raises:
        StoreUnavailable: the budget in force ended before the lock was free.
    """
    spent = budget()
    if spent is None:
        lock.acquire()
    elif not lock.acquire(blocking=False):
        with spent.waiting():
            if not lock.acquire(timeout=max(spent.left_s, 0)):
                raise StoreUnavailable("other requests wait for the store for too long; try again")
    try:
        yield
    finally:
        lock.release()


class ContextThreads(ThreadPoolExecutor):
    """Threads that work within the budget and the trace of the request that uses them."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` in a thread, in a copy of the caller's context."""
        return super().submit(partial(copy_context().run, fn, *args, **kwargs))
