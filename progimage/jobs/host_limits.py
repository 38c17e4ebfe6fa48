"""Limits per remote host: downloads at a time, and a pause between their starts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from progimage.errors import DownloadNotAllowed
from progimage.ingest.download.urls import parse_url

# How long an item waits for a host with as many downloads as it may have.
_BUSY_S = 0.25
_REMEMBERED = 10_000


@dataclass(eq=False)
class HostLimits:
    """The hosts from which this process is downloading.

    Args:
        at_a_time: downloads from one host.
        pause_s: from the start of one to the start of the next.
        clock: monotonic seconds.
    """

    at_a_time: int
    pause_s: float
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _busy: dict[str, int] = field(default_factory=dict, init=False)
    _next: dict[str, float] = field(default_factory=dict, init=False)

    @contextmanager
    def turn(self, url: str) -> Iterator[float]:
        """Yield 0 and reserve a free host for the block, or yield the seconds until a retry."""
        host = _host(url)
        wait_s = self._enter(host)
        if wait_s:
            yield wait_s
            return
        try:
            yield 0.0
        finally:
            self._leave(host)

    def __len__(self) -> int:
        """Return how many hosts are being asked."""
        return len(self._busy)

    def _enter(self, host: str) -> float:
        with self._lock:
            now = self.clock()
            if self._busy.get(host, 0) >= self.at_a_time:
                return _BUSY_S
            if (due := self._next.get(host, 0.0)) > now:
                return due - now
            self._busy[host] = self._busy.get(host, 0) + 1
            if self.pause_s:
                if len(self._next) >= _REMEMBERED:
                    self._next = {name: due for name, due in self._next.items() if due > now}
                self._next[host] = now + self.pause_s
            return 0.0

    def _leave(self, host: str) -> None:
        with self._lock:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]


def _host(url: str) -> str:
    """Return the host and port of a URL, the same for each of its spellings."""
    try:
        return parse_url(url).authority
    except DownloadNotAllowed:
        # No request is made.
        return ""
