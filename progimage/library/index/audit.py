"""Comparing the index with the records, both ways, beside live traffic.

Every difference is announced, so that the record decides what searches see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from pyroaring import BitMap

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, NotFound
from progimage.library.index import positions
from progimage.library.index.index import Index
from progimage.library.index.positions import Position
from progimage.library.records import Records, next_revision, read_record
from progimage.model import Record


class Audit:
    """One comparison: `is_right` takes the records one by one, `strays` tells what is left.

    Args:
        repair: announce what differs.
    """

    def __init__(self, index: Index, *, repair: bool) -> None:
        self._index = index
        self._records = Records(index.store)
        self._repair = repair
        self._start = index.view()
        self._seen: dict[int, BitMap] = {}

    def is_right(self, record: Record) -> bool:
        """True if searches see a live record as it is; else it is announced, to be repaired."""
        at = positions.position(record.created, record.id)
        self._note(at)
        if self._start.find(at) == record:
            return True
        current, etag = self._current(record.id)
        if current is None:
            return True  # it was removed since it was read
        at = positions.position(current.created, current.id)
        seen = self._index.view().find(at)
        if seen == current:
            return True  # it was edited since it was read, as was announced
        if self._repair:
            self._announce(current, etag, seen)
        return False

    def strays(self) -> Iterator[str]:
        """Yield the ids of pictures that searches see and no record has.

        Call this when every record has been seen.
        """
        for part in self._start.parts:
            for shelf, ordinals in part.range.current():
                for ordinal in ordinals - self._seen.get(id(shelf), BitMap()):
                    yield from self._stray(shelf.record(ordinal))
            for found in part.unshelved.values():
                if found is not None:
                    yield from self._stray(found.record)

    def _stray(self, found: Record) -> Iterator[str]:
        at = positions.position(found.created, found.id)
        try:
            record, _ = read_record(self._index.store, found.id)
        except NotFound:
            if next(self._index.store.list(keys.record(found.id)), None) is not None:
                return  # some servers list what they do not find, after a fault
            record = None
        except DamagedRecord:
            return
        is_here = record is not None and positions.position(record.created, record.id) == at
        if is_here and record is not None and record.state == "live":
            return
        seen = self._index.view().find(at)
        if seen is None:
            return  # it was removed since, as was announced
        if self._repair:
            # A later revision of a picture without a record says that it was removed.
            self._index.announce(next_revision(seen))
        yield found.id

    def _note(self, at: Position) -> None:
        found = self._start.parts[self._start.number_of(at)].range
        for shelf, ordinal in zip((found.base, found.patch), found.ordinals_of(at), strict=True):
            if ordinal is not None:
                self._seen.setdefault(id(shelf), BitMap()).add(ordinal)

    def _announce(self, record: Record, etag: str, seen: Record | None) -> None:
        """Announce a record, so that searches see its current version."""
        at = positions.position(record.created, record.id)
        view = self._index.view()
        tombs = view.parts[view.number_of(at)].range.patch.tombs
        known = tombs.get((at, record.generation), 0)
        if seen is not None and seen.generation == record.generation:
            known = max(known, seen.revision)
        if known:
            # It was changed outside of the service, or restored: the shelves count as newer.
            revision = max(known, record.revision) + 1
            record = record.model_copy(update={"revision": revision})
            self._index.announce(record)
            with suppress(Conflict):
                self._records.write(record, expect=etag)
        else:
            self._index.announce(record)

    def _current(self, image_id: str) -> tuple[Record | None, str]:
        try:
            record, etag = self._records.read(image_id)
        except (NotFound, DamagedRecord):
            return None, ""
        return (record if record.state == "live" else None), etag
