"""Objects in this process's memory: for tests, demonstrations and as the reference."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Self
from urllib.parse import SplitResult

from progimage.errors import BadKey, ConfigError
from progimage.stores.bytes_reader import BytesReader
from progimage.stores.key_rules import check_key, check_prefix, conflict, missing, shown
from progimage.stores.object_store import ABSENT, Stat


class MemoryStore:
    """An `ObjectStore` whose objects are gone when the process ends.

    It keeps the narrowest promise that any store keeps, so that what works here
    works everywhere: equal bytes have equal etags, as in S3, and no key may be a
    folder of another, as on a disk.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[str, tuple[Stat, bytes]] = {}
        # Python compares text by code point, which is also the order of its UTF-8.
        self._keys: list[str] = []

    def copy(self) -> Self:
        """Return a store of its own, of the same class, with the same objects."""
        twin = type(self)()
        with self._lock:
            twin._objects, twin._keys = self._objects.copy(), self._keys.copy()
        return twin

    def put(
        self,
        key: str,
        source: BinaryIO,
        *,
        media_type: str,  # noqa: ARG002 (only S3 has a place for it)
        expect: str | None = None,
    ) -> Stat:
        check_key(key)
        body = source.read()
        etag = hashlib.sha256(body).hexdigest()[:32]
        stat = Stat(key, len(body), etag, datetime.now(UTC))
        with self._lock:
            if expect is not None and expect != self._current_etag(key):
                raise conflict(key)
            if key not in self._objects:
                self._refuse_nesting(key)
                insort(self._keys, key)
            self._objects[key] = (stat, body)
        return stat

    def open(self, key: str, start: int = 0, length: int | None = None) -> BytesReader:
        stat, body = self._find(key)
        return BytesReader(body[start : None if length is None else start + length], stat)

    def open_if_changed(self, key: str, etag: str) -> BytesReader | None:
        """Return a reader of the object, or None if its etag is `etag`."""
        stat, body = self._find(key)
        return None if stat.etag == etag else BytesReader(body, stat)

    def stat(self, key: str) -> Stat:
        return self._find(key)[0]

    def delete(self, key: str, *, expect: str | None = None) -> None:
        check_key(key)
        with self._lock:
            current = self._current_etag(key)
            if current == ABSENT:
                return
            if expect not in (None, current):
                raise conflict(key)
            del self._objects[key]
            del self._keys[bisect_left(self._keys, key)]

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        check_prefix(prefix)
        check_prefix(after)
        return self._walk(prefix, after)

    def _walk(self, prefix: str, after: str) -> Iterator[Stat]:
        seek = bisect_right if after >= prefix else bisect_left
        last = max(prefix, after)
        while True:
            with self._lock:
                position = seek(self._keys, last)
                if position == len(self._keys) or not self._keys[position].startswith(prefix):
                    return
                last = self._keys[position]
                stat = self._objects[last][0]
            yield stat
            seek = bisect_right

    def _find(self, key: str) -> tuple[Stat, bytes]:
        check_key(key)
        try:
            return self._objects[key]
        except KeyError:
            raise missing(key) from None

    def _current_etag(self, key: str) -> str:
        found = self._objects.get(key)
        return found[0].etag if found else ABSENT

    def _refuse_nesting(self, key: str) -> None:
        segments = key.split("/")
        for depth in range(1, len(segments)):
            folder = "/".join(segments[:depth])
            if folder in self._objects:
                raise BadKey(f"key {shown(key)}: {shown(folder)} is an object, not a folder")
        position = bisect_left(self._keys, key + "/")
        if position < len(self._keys) and self._keys[position].startswith(key + "/"):
            raise BadKey(f"key {shown(key)} is a folder of other objects")


def from_url(url: SplitResult, **_options: object) -> MemoryStore:
    """Open `memory://`: each call makes a new, empty store."""
    if url.netloc or url.path or url.query:
        raise ConfigError("store: memory:// takes neither a path nor parameters")
    return MemoryStore()
