"""Copies of origins' pictures, and their renditions, in a part of the store.

They are stored under `foreign/` like the pictures of a library: original, record,
renditions. But they are not listed, and the oldest are removed when all together exceed a
number of bytes. An owner that no account can have (`@` and the origin's name) goes into each
id, so equal bytes of two origins, or of an origin and the library, are different pictures.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import BinaryIO

import structlog

from progimage import keys
from progimage.errors import NotFound, StoreError
from progimage.library import Library
from progimage.lru import LockedLru
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore, Stat
from progimage.stores.prefixed import PrefixedStore
from progimage.telemetry import metrics

log = structlog.get_logger()

_REMEMBERED = 10_000
_PICTURE_KEY = re.compile(r"images/[0-9a-f]{2}/([0-9a-f]{64})/.+")

_ROOM_SHARE = 0.9
"""The part of the budget that is in use after the oldest were removed."""

_CHECK_SHARE = 0.05
"""A node looks at all copies again after it wrote so much of the budget."""


def owner_of(origin: str) -> str:
    """Return the owner of an origin's copies; no account has a name with `@`."""
    return f"@{origin}"


def is_copy(record: Record, origin: str) -> bool:
    """Return True for a copy of an origin's picture, False for a picture of the library."""
    return record.owner == owner_of(origin)


def viewer_of(origin: str) -> Viewer:
    """Return a viewer that sees an origin's copies, also those of a private origin."""
    return Viewer(name=owner_of(origin), may_act_for_default_owner=False)


class CopyStore(PrefixedStore):
    """The part of a store that holds copies; reports how many bytes are written there.

    Attributes:
        on_written: called with the size of each object that was written.
    """

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store, keys.FOREIGN)
        self.on_written: Callable[[int], None] = lambda _: None

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        stat = super().put(key, source, media_type=media_type, expect=expect)
        self.on_written(stat.size)
        return stat


class Copies:
    """The copies in one store.

    Args:
        library: over `store`.
        max_bytes: of all copies and their renditions.
        executor: removes the oldest behind the requests.
    """

    def __init__(
        self, store: CopyStore, library: Library, max_bytes: int, executor: Executor
    ) -> None:
        self._store = store
        self.library = library
        self._max_bytes = max_bytes
        self.executor = executor
        self._lock = threading.Lock()
        self._is_making_room = False
        store.on_written = self._note_written
        # The record of a copy never changes; that its bytes are gone shows when they are needed.
        self._records: LockedLru[str, Record] = LockedLru(_REMEMBERED)
        # Half of the share, so that a restarted node does not start from nothing.
        self._written = int(max_bytes * _CHECK_SHARE / 2)

    def find(self, origin: str, image_id: str) -> Record | None:
        """Return the record of a copy, None if it was removed.

        A record is remembered: call `forget` if the bytes turn out to be gone.
        """
        record = self._records.get(image_id)
        if record is None:
            try:
                record = self.library.find(viewer_of(origin), image_id)
            except NotFound:
                return None
            self._records.put(image_id, record)
        return record

    def forget(self, image_id: str) -> None:
        """Read the record of a copy again the next time."""
        self._records.pop(image_id)

    def remove(self, origin: str, image_id: str) -> None:
        """Remove a copy with all its renditions; one that is not there is no error."""
        self.forget(image_id)
        try:
            self.library.remove(viewer_of(origin), image_id)
        except NotFound:
            return

    def _remove_remains(self, image_id: str) -> None:
        """Remove what a process that died left of a picture without a record."""
        self.library.purge(image_id)
        for prefix in (keys.working_copies(image_id), keys.picture(image_id)):
            for stat in self._store.list(prefix):
                self._store.delete(stat.key)

    def _note_written(self, size_bytes: int) -> None:
        """Count what was written; have the oldest pictures removed once that may be too much."""
        with self._lock:
            self._written += size_bytes
            if self._is_making_room or self._written < self._max_bytes * _CHECK_SHARE:
                return
            self._written, self._is_making_room = 0, True
        self.executor.submit(self._make_room_behind)

    def _make_room_behind(self) -> None:
        try:
            self.make_room()
        except StoreError as error:
            log.warning("copies of origins' pictures could not be counted", reason=str(error))
        finally:
            self._is_making_room = False

    def make_room(self) -> int:
        """Remove the pictures that were written first until all fits; return how many."""
        sizes: dict[str, int] = defaultdict(int)
        oldest: dict[str, datetime] = {}
        for prefix in (keys.IMAGES, keys.COPIES, keys.RENDERS):
            for stat in self._store.list(prefix):
                image_id = _id_in(stat.key)
                if image_id is not None:
                    sizes[image_id] += stat.size
                    oldest[image_id] = min(stat.modified, oldest.get(image_id, stat.modified))
        total, removed = sum(sizes.values()), 0
        if total <= self._max_bytes:
            return 0
        for image_id in sorted(sizes, key=oldest.__getitem__):
            if total <= self._max_bytes * _ROOM_SHARE:
                break
            self.forget(image_id)
            try:
                owner = self.library.find_for_link(image_id).owner
                self.library.remove(Viewer(name=owner), image_id)
            except NotFound:
                self._remove_remains(image_id)
            total -= sizes[image_id]
            removed += 1
        metrics.origin_evictions(removed)
        log.info("removed copies of origins' pictures", count=removed, bytes_left=total)
        return removed


def _id_in(key: str) -> str | None:
    found = keys.id_and_engine_of_rendition(key)
    if found:
        return found[0]
    copy = keys.id_generation_and_kind_of_copy(key)
    if copy:
        return copy[0]
    match = _PICTURE_KEY.fullmatch(key)
    return match[1] if match else None
