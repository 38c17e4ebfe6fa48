"""A store behind a link of limited speed, simulated: nothing but the waits is added."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from progimage.errors import StoreUnavailable
from progimage.stores import ObjectStore, Reader, Stat

_PIECE = 64 * 1024


class Link:
    """A link that all requests share.

    Args:
        bytes_per_s: how fast bytes come.
        request_s: from a request to the first byte of its answer.
    """

    def __init__(self, bytes_per_s: float, request_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self.request_s = request_s
        self.requests = self.bytes = 0
        self._lock = threading.Lock()
        self._free_at = 0.0

    def request(self) -> None:
        """Wait for the answer to a request to begin."""
        with self._lock:
            self.requests += 1
        time.sleep(self.request_s)

    def receive(self, count: int) -> None:
        """Wait for so many bytes; other requests have their turns between them."""
        for start in range(0, count, _PIECE):
            part = min(_PIECE, count - start)
            with self._lock:
                self.bytes += part
                self._free_at = max(self._free_at, time.monotonic()) + part / self.bytes_per_s
                wait = self._free_at - time.monotonic()
            if wait > 0:
                time.sleep(wait)


class _LinkedReader:
    def __init__(self, reader: Reader, link: Link) -> None:
        self.stat = reader.stat
        self._reader = reader
        self._link = link

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        self._link.receive(len(data))
        return data

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> _LinkedReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class LinkedStore:
    """An `ObjectStore` whose objects come over a link.

    Args:
        has_ranges: False for a server that does not give parts of objects.
    """

    def __init__(self, inner: ObjectStore, link: Link, *, has_ranges: bool = True) -> None:
        self._inner = inner
        self._link = link
        self._has_ranges = has_ranges

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        """Return a reader whose bytes come at the speed of the link."""
        if length is not None and not self._has_ranges:
            raise StoreUnavailable("there are no ranges")
        self._link.request()
        return _LinkedReader(self._inner.open(key, start, length), self._link)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        """List as one page."""
        self._link.request()
        return self._inner.list(prefix, after)

    def stat(self, key: str) -> Stat:
        """Return the facts of an object."""
        self._link.request()
        return self._inner.stat(key)

    def put(self, key: str, source: Any, *, media_type: str, expect: str | None = None) -> Stat:
        """Store an object."""
        self._link.request()
        return self._inner.put(key, source, media_type=media_type, expect=expect)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove an object."""
        self._link.request()
        self._inner.delete(key, expect=expect)
