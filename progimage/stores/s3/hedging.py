"""A second request where an answer is late, so that one slow moment costs little.

Hedged requests, as Dean and Barroso describe them ("The Tail at Scale", CACM 56(2), 2013):
the second is sent when the first has taken longer than 95 of 100 do, and whichever answers
first is used. The first request runs in the caller's own thread; only a late one costs
another thread and another connection.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")

AT_ONCE = 4
"""Second requests of one process in flight; each has a connection of its own."""

_LATE_SHARE = 0.05
_MOST_SAVED = 10.0
_STEP = 0.1
_FIRST_DELAY_S, _LEAST_DELAY_S, _MOST_DELAY_S = 0.2, 0.01, 1.0


class Overtaken(CancelledError):  # the one error that botocore neither wraps nor tries again
    """The first request need not be waited for: the second has been answered."""


class Hedges:
    """Decides when a second request is worth sending.

    Every answer in time earns a twentieth of one, and ten can be saved up: they add no
    more than 5 % to the load, and to a store that has stopped answering none at all.

    Attributes:
        delay_s: how long a first byte may take before it is late: about the 95th percentile, by
            a stochastic approximation (Robbins and Monro, 1951). It needs to know only if an
            answer was late, so answers that were abandoned count as well. Late ones raise it by
            9.5 %, others lower it by 0.5 %, which is even at one of twenty.
    """

    def __init__(self) -> None:
        self.delay_s = _FIRST_DELAY_S
        self._saved = 1.0
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def note(self, *, late: bool) -> None:
        """Learn if the answer to a first request came in time."""
        change = _STEP * (1 - _LATE_SHARE if late else -_LATE_SHARE)
        with self._lock:
            self.delay_s = min(max(self.delay_s * (1 + change), _LEAST_DELAY_S), _MOST_DELAY_S)
            if not late:
                self._saved = min(self._saved + _LATE_SHARE, _MOST_SAVED)

    def take(self) -> bool:
        """Return True if a second request may be sent; `give_back` its place when it ends."""
        if not self._places.acquire(blocking=False):
            return False
        with self._lock:
            if self._saved >= 1:
                self._saved -= 1
                return True
        self._places.release()
        return False

    def give_back(self) -> None:
        """Free the place of a second request that has ended."""
        self._places.release()

    def first(self, ask: Callable[[], T], drop: Callable[[T], None]) -> T:
        """Return the result of `ask`, called once or, if the answer is late, twice at a time.

        `ask` must send a request over a `WatchedConnection`. An answer that is not taken
        is given to `drop`. An error of the second call counts for no answer.
        """
        race = _Race(self, ask, drop)
        token = _race.set(race)
        try:
            return ask()
        except Overtaken:
            return race.take()
        finally:
            _race.reset(token)
            race.end()


class WatchedConnection:
    """Goes before an `http.client.HTTPConnection` among a class's bases, to hedge its reads."""

    sock: socket.socket
    timeout: float

    def getresponse(self) -> object:
        """Wait for the first byte of the answer or for another request's, then read it."""
        if (race := _race.get()) is not None:
            race.watch(self.sock, self.timeout)
        return super().getresponse()  # type: ignore[misc]


def is_second() -> bool:
    """Return True in the thread of a second request."""
    return _is_second.get()


class _Race(Generic[T]):
    """One call, and the second that may overtake it."""

    def __init__(self, hedges: Hedges, ask: Callable[[], T], drop: Callable[[T], None]) -> None:
        self._hedges = hedges
        self._ask = ask
        self._drop = drop
        self._lock = threading.Lock()
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._answers: list[T] = []
        self._is_over = False

    def watch(self, sock: socket.socket, timeout_s: float) -> None:
        """Return when the first byte has come from `sock`.

        Raises:
            Overtaken: the second request was answered before.
            TimeoutError: neither was, in time.
        """
        ends = time.monotonic() + timeout_s
        either = select.poll()
        either.register(sock, select.POLLIN)

        def wait() -> set[int]:
            ready = either.poll(max(0.0, ends - time.monotonic()) * 1000)
            if not ready:
                raise TimeoutError
            return {fd for fd, _ in ready}

        if self._bell is None:
            is_late = not either.poll(min(self._hedges.delay_s, timeout_s) * 1000)
            self._hedges.note(late=is_late)
            if not is_late:
                return
            if not self._hedges.take():
                wait()
                return
            self._bell = self._send_second()
        bell = self._bell[0]
        either.register(bell, select.POLLIN)
        if sock.fileno() in wait():
            return
        if self._answers:
            raise Overtaken
        either.unregister(bell)
        wait()

    def take(self) -> T:
        """Return the second's answer."""
        return self._answers.pop()

    def end(self) -> None:
        """Release the second request, and drop an answer that was not used."""
        with self._lock:
            self._is_over = True
            for sock in self._bell or ():
                sock.close()
        for answer in self._answers:
            self._drop(answer)

    def _send_second(self) -> tuple[socket.socket, socket.socket]:
        bell = socket.socketpair()
        run = partial(copy_context().run, self._run_second, bell[1])
        threading.Thread(target=run, name="hedge", daemon=True).start()
        return bell

    def _run_second(self, bell: socket.socket) -> None:
        _race.set(None)
        _is_second.set(True)
        answers = []
        try:
            # The first call is still under way, and its error is the one that is raised.
            with suppress(Exception):
                answers.append(self._ask())
        finally:
            self._hedges.give_back()
        with self._lock:
            if not self._is_over:
                self._answers += answers
                bell.send(b"!")
                return
        for answer in answers:
            self._drop(answer)


_race: ContextVar[_Race[Any] | None] = ContextVar("race", default=None)
_is_second: ContextVar[bool] = ContextVar("is_second", default=False)
