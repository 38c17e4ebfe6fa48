"""Swapping a record for its next version, as edits and the trash do."""

from __future__ import annotations

from typing import Protocol

from progimage.errors import Conflict
from progimage.library.events import Events, subject_of
from progimage.library.index.index import Index
from progimage.library.records import Records
from progimage.model import EventKind, Record


class Purge(Protocol):
    """Removes all cached renditions of a picture, or only the public ones."""

    def __call__(self, image_id: str, *, public_only: bool = False) -> object: ...


class Swaps:
    """Writes next versions of records, with their announcements and events."""

    def __init__(self, records: Records, index: Index, purge: Purge, events: Events) -> None:
        self._records = records
        self._index = index
        self._purge = purge
        self._events = events

    def swap(self, record: Record, etag: str, kind: EventKind, *, purges: bool) -> bool:
        """Write the next version of a record; False if `etag` is no longer the current one.

        Args:
            purges: the cached renditions are removed, since who may see them changes.
        """
        with self._events.expecting(kind, subject_of(record), record.facts) as event:
            announced = self._index.announce(record)
        try:
            self._records.write(record, expect=etag)
        except Conflict:
            event.retract()
            return False
        announced.confirm()
        if purges:
            self._purge(record.id)
        event.confirm()
        return True
