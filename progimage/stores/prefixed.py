"""A part of a store, under a prefix, as a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from progimage.stores.object_store import (
    HasConditionalOpen,
    HasLocalPath,
    HasPresignedUrl,
    ObjectStore,
    Reader,
    Stat,
)


class PrefixedStore:
    """A store that adds `prefix`, which ends in a slash, to every key of another store.

    It has the optional features of that store: local paths, presigned URLs, conditional reads.
    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self.prefix = prefix
        if isinstance(store, HasLocalPath):
            local = store.local_path
            self.local_path = lambda key: local(prefix + key)
        if isinstance(store, HasPresignedUrl):
            presigned = store.presigned_url
            self.presigned_url = lambda key, **options: presigned(prefix + key, **options)
        if isinstance(store, HasConditionalOpen):
            conditional = store.open_if_changed

            def open_if_changed(key: str, etag: str) -> Reader | None:
                reader = conditional(prefix + key, etag)
                return None if reader is None else _named(reader, key)

            self.open_if_changed = open_if_changed

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        stat = self._store.put(self.prefix + key, source, media_type=media_type, expect=expect)
        return replace(stat, key=key)

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return _named(self._store.open(self.prefix + key, start, length), key)

    def stat(self, key: str) -> Stat:
        return replace(self._store.stat(self.prefix + key), key=key)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._store.delete(self.prefix + key, expect=expect)

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        cut = len(self.prefix)
        listed = self._store.list(self.prefix + prefix, self.prefix + after if after else "")
        return (replace(stat, key=stat.key[cut:]) for stat in listed)


def _named(reader: Reader, key: str) -> Reader:
    """Return a reader whose object has the key that it has in the part of the store."""
    reader.stat = replace(reader.stat, key=key)
    return reader
