"""Publishing: shelves are put first, then the manifest that names them is swapped."""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Literal

from pyroaring import BitMap

from progimage.errors import Conflict
from progimage.library.index import keys, manifest
from progimage.library.index.index import Index
from progimage.library.index.manifest import Row, ShelfInfo
from progimage.library.index.shelf import MOST, Shelf
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.index.view import View
from progimage.stores import ObjectStore

Outcome = Literal["nothing to do", "published", "lost"]

Merge = Callable[[Sequence[tuple[bytes, bytes]], int], list[bytes]]
"""Calls `merged_bytes`, perhaps in another process."""

RETIRED_FOR_S = 30 * 60
"""Clocks of nodes differ by up to ten minutes; searches by an old manifest end sooner."""

_MAX_S = 10 * 60
_SHELF_TYPE = "application/octet-stream"
MERGED_HERE = 2_000
"""Records of merges that are too small to be worth another process."""


class Publication:
    """One attempt to change which shelves there are, from a view on.

    Args:
        merge: for large merges, which would hold this process up.
        most: records of a shelf.
    """

    def __init__(
        self, index: Index, view: View, merge: Merge = merged_bytes, most: int = MOST
    ) -> None:
        self._index = index
        self._view = view
        self._merge = merge
        self.most = most
        self._began = index.seconds()

    def put(self, data: bytes, entries: int) -> ShelfInfo:
        """Store a shelf that no manifest names yet."""
        return put_shelf(self._index.store, data, entries)

    def rows_of(self, first: bytes, parts: Sequence[tuple[Shelf, BitMap]]) -> list[Row]:
        """Merge shelves, less the ordinals that do not count; return rows from `first` on."""
        encoded = [(shelf.data, dead.serialize()) for shelf, dead in parts]
        is_small = sum(shelf.n for shelf, _ in parts) <= MERGED_HERE
        rows: list[Row] = []
        for data in (merged_bytes if is_small else self._merge)(encoded, self.most):
            shelf = Shelf(data)
            rows.append(Row(shelf.position(0) if rows else first, self.put(data, shelf.n)))
        return rows or [Row(first)]

    def publish(self, rows: Sequence[Row]) -> Outcome:
        """Swap the manifest, unless it has changed since the view was read.

        Shelves that are not named in the end are left for `remove_unnamed`: an answer that
        was lost may have made this attempt look like one that came too late.
        """
        now = int(time.time())
        store, before = self._index.store, self._view.manifest
        gone = [shelf for shelf in before.retired if now - shelf.at > RETIRED_FOR_S]
        self._index.each(lambda shelf: store.delete(keys.shelf(shelf.name)), gone)
        if self._index.seconds() - self._began > _MAX_S:
            return "lost"  # `remove_unnamed` may have taken the shelves for forgotten ones
        following = before.next(tuple(rows), now, frozenset(shelf.name for shelf in gone))
        try:
            manifest.swap(store, following, self._view.etag)
        except Conflict:
            return "lost"
        return "published"


def put_shelf(store: ObjectStore, data: bytes, entries: int) -> ShelfInfo:
    """Store a shelf; return its entry for a manifest."""
    name = keys.new_shelf()
    store.put(keys.shelf(name), io.BytesIO(data), media_type=_SHELF_TYPE)
    return ShelfInfo(name, entries, len(data), zlib.crc32(data))
