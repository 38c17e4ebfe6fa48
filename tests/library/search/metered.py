"""A store that counts the requests an S3 bucket would bill and wait for."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from progimage.stores import HasConditionalOpen, ObjectStore, Reader, Stat

_PAGE_KEYS = 1_000


class _Remote(io.BytesIO):
    """A reader of a part of an object; as in S3, another part is another request."""

    def __init__(self, reader: Reader) -> None:
        with reader:
            super().__init__(reader.read())
        self.stat = reader.stat


class MeteredStore:
    """An `ObjectStore` over `inner`.

    Attributes:
        requests: by their S3 names. A listing is one LIST for each 1,000 keys
            that are read, and at least one. "304" is a conditional GET
            that sends no bytes.
    """

    def __init__(self, inner: ObjectStore) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.requests: Counter[str] = Counter()

    def put(self, key: str, source: Any, *, media_type: str, expect: str | None = None) -> Stat:
        self._count("PUT")
        return self._inner.put(key, source, media_type=media_type, expect=expect)

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        self._count("GET")
        return _Remote(self._inner.open(key, start, length))

    def open_if_changed(self, key: str, etag: str) -> Reader | None:
        found = cast(HasConditionalOpen, self._inner).open_if_changed(key, etag)
        self._count("304" if found is None else "GET")
        return found

    def stat(self, key: str) -> Stat:
        self._count("HEAD")
        return self._inner.stat(key)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._count("DELETE")
        self._inner.delete(key, expect=expect)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        listing = self._inner.list(prefix, after)

        def pages() -> Iterator[Stat]:
            for number, stat in enumerate(listing):
                if number and number % _PAGE_KEYS == 0:
                    self._count("LIST")
                yield stat

        self._count("LIST")
        return pages()

    def _count(self, name: str) -> None:
        with self._lock:
            self.requests[name] += 1
