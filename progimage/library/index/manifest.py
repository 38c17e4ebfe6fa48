"""The manifest: which shelves make up the index. It is always replaced as a whole.

Its rows divide all positions into ranges. Each range has a base and at most one patch: what
was added, changed or removed there since the base was written.
"""

from __future__ import annotations

import io
import json
import secrets
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from progimage import keys as store_keys
from progimage.errors import Conflict, IndexMissing, KeyMissing
from progimage.library.index import keys
from progimage.library.index.positions import Position
from progimage.stores import ABSENT, ObjectStore, exists

_FORMAT = 2
_UNREADABLE = (
    "the index of the store cannot be read, or is of another version; its operator builds a new "
    "one with 'progimage reindex --from-scratch'"
)


class ShelfInfo(NamedTuple):
    """A shelf's name and counts, and the length and checksum of its bytes.

    `entries` counts its records and, in a patch, also its kills and tombs.
    """

    name: str
    entries: int
    size_bytes: int
    crc32: int


class Row(NamedTuple):
    """The range of positions from `first` to the next row's."""

    first: Position = b""
    base: ShelfInfo | None = None
    patch: ShelfInfo | None = None

    @property
    def shelves(self) -> list[ShelfInfo]:
        """The shelves of the range."""
        return [shelf for shelf in (self.base, self.patch) if shelf]

    @property
    def entries(self) -> int:
        """How many entries its shelves have."""
        return sum(shelf.entries for shelf in self.shelves)


class Retired(NamedTuple):
    """A shelf that a newer one has replaced, and when, in seconds since 1970.

    Searches with an older manifest may still read it.
    """

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows, in order, and the shelves that wait to be removed."""

    version: int = 0
    rows: tuple[Row, ...] = (Row(),)
    retired: tuple[Retired, ...] = ()

    @property
    def shelves(self) -> list[ShelfInfo]:
        """The shelves that count."""
        return [shelf for row in self.rows for shelf in row.shelves]

    @property
    def names(self) -> frozenset[str]:
        """The names of the shelves that count and of those that wait to be removed."""
        waiting = {shelf.name for shelf in self.retired}
        return frozenset(waiting.union(shelf.name for shelf in self.shelves))

    def row_of(self, at: Position) -> int:
        """Return the number of the row that a position belongs to."""
        return bisect_right(self.rows, at, key=lambda row: row.first) - 1

    def next(self, rows: tuple[Row, ...], now_s: int, gone: frozenset[str]) -> Manifest:
        """Return the manifest with other rows; what they no longer name retires now.

        Args:
            gone: retired shelves that have been removed.
        """
        following = replace(self, version=self.version + 1, rows=rows)
        left = {shelf.name for shelf in following.shelves}
        replaced = [Retired(s.name, now_s) for s in self.shelves if s.name not in left]
        waiting = [shelf for shelf in self.retired if shelf.name not in gone]
        return replace(following, retired=(*waiting, *replaced))


def read(store: ObjectStore) -> tuple[Manifest, str]:
    """Return the manifest and its etag.

    Raises:
        IndexMissing: there is none, or one that another version has written.
    """
    try:
        with store.open(keys.MANIFEST) as reader:
            data, etag = reader.read(), reader.stat.etag
    except KeyMissing:
        raise IndexMissing from None
    return _decode(data), etag


def swap(store: ObjectStore, manifest: Manifest, etag: str) -> str:
    """Replace the version of the manifest with this etag; return the new etag.

    Raises:
        Conflict: another version is there.
    """
    data = _encode(manifest)
    stat = store.put(keys.MANIFEST, io.BytesIO(data), media_type="application/json", expect=etag)
    return stat.etag


def require(store: ObjectStore) -> None:
    """Check that the store has an index; give one to a store without pictures.

    Raises:
        IndexMissing: it has pictures and no index, or one of an older version.
    """
    if exists(store, keys.MANIFEST):
        return
    if next(store.list(store_keys.IMAGES), None) is None:
        with suppress(Conflict):  # another process was faster
            swap(store, Manifest(), ABSENT)
    elif not exists(
        store, keys.MANIFEST
    ):  # the first picture may have come with the first index just now
        raise IndexMissing


def _encode(manifest: Manifest) -> bytes:
    document = {
        "format": _FORMAT,
        "version": manifest.version,
        # Equal bytes may have equal etags, and this version may be written twice.
        "token": secrets.token_hex(8),
        "rows": [(row.first.hex(), row.base, row.patch) for row in manifest.rows],
        "retired": manifest.retired,
    }
    return json.dumps(document).encode()


def _decode(data: bytes) -> Manifest:
    try:
        document = json.loads(data)
        if document["format"] != _FORMAT:
            raise IndexMissing(_UNREADABLE)
        rows = tuple(
            Row(bytes.fromhex(first), base and ShelfInfo(*base), patch and ShelfInfo(*patch))
            for first, base, patch in document["rows"]
        )
        retired = tuple(Retired(*entry) for entry in document["retired"])
        return Manifest(document["version"], rows, retired)
    except (ValueError, KeyError, TypeError):
        raise IndexMissing(_UNREADABLE) from None
