"""Pointers: the known version of each picture of an origin, and when it was checked.

    origins/<name>/ab/<SHA-256 of the key>.json    leads to a copy
    adopted/<name>/ab/<SHA-256 of the key>.json    leads to a picture of the library

A pointer may be out of date; a rendition never is, because its key has the id of the bytes that
it was made of. Pointers are replaced by compare-and-swap, so that of all nodes that want to
renew one, one does.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, KeyMissing
from progimage.lru import LockedLru
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.stores.json_objects import JsonObject

_REMEMBERED = 10_000


class Pointer(JsonObject):
    """The latest known version of one picture of an origin.

    Attributes:
        key: the picture's key at its origin.
        version: the name that the origin has for this version; "" if it has none.
        image_id: the id of its bytes among the copies, or in the library.
        modified: when it was last changed, as an HTTP date; "" if unknown.
        checked: when the origin last confirmed it.
        fresh_s: for how long after that it counts as fresh.
        renewing: when a node last began to renew it; None if none does.
    """

    noun: ClassVar[str] = "picture of an origin"

    key: str
    version: str
    image_id: str
    modified: str = ""
    checked: datetime
    fresh_s: int
    renewing: datetime | None = None


class Pointers:
    """The pointers of one store.

    Args:
        base: the start of their keys.
    """

    def __init__(self, store: ObjectStore, base: str = keys.ORIGINS) -> None:
        self._store = store
        self._base = base
        # A look at the etag is cheaper than reading and parsing the object again.
        self._known: LockedLru[str, tuple[str, Pointer]] = LockedLru(_REMEMBERED)

    def find(self, origin: str, key: str) -> tuple[Pointer, str] | None:
        """Return the pointer and its etag, None if there is none; a damaged one is dropped."""
        where = self._base + pointer_name(origin, key)
        known = self._known.get(where)
        try:
            if known is not None:
                etag = self._store.stat(where).etag
                if etag == known[0]:
                    return known[1], etag
            pointer, etag = json_objects.load(self._store, where, Pointer, "a damaged pointer")
        except KeyMissing:
            self._known.pop(where)
            return None
        except DamagedRecord:
            self.remove(origin, key)
            return None
        if pointer.key != key:
            return None
        self._known.put(where, (etag, pointer))
        return pointer, etag

    def write(self, origin: str, pointer: Pointer, expect: str | None) -> str | None:
        """Write a pointer in place of the version `expect` (None: there is none).

        Returns its etag, or None if another version is there.
        """
        data = io.BytesIO(pointer.model_dump_json().encode())
        try:
            return self._store.put(
                self._base + pointer_name(origin, pointer.key),
                data,
                media_type="application/json",
                expect=expect or ABSENT,
            ).etag
        except Conflict:
            return None

    def remove(self, origin: str, key: str) -> None:
        """Forget a picture."""
        where = self._base + pointer_name(origin, key)
        self._known.pop(where)
        self._store.delete(where)

    def of_part(self, origin: str, part: str) -> Iterator[Pointer]:
        """Yield the pointers of an origin whose digest begins with `part`, two hex digits."""
        for stat in self._store.list(f"{self._base}{origin}/{part}/"):
            with suppress(KeyMissing, DamagedRecord):
                yield json_objects.read(self._store, stat.key, Pointer)


@lru_cache(_REMEMBERED)
def pointer_name(origin: str, key: str) -> str:
    """Return the end of a pointer's key in the store."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{origin}/{digest[:2]}/{digest}.json"
