"""Bounds what the rendition cache takes while the service runs: bytes in all, and of one file.

Where the budget is used up, the oldest renditions are removed, in the background. So a
client that asks for ever other renditions cannot fill the disk, and the cache stays useful.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import structlog

from progimage import keys
from progimage.errors import StoreError
from progimage.renditions.oldest import BytesByAge
from progimage.stores import HasLocalPath, ObjectStore

# Each process counts what is in the cache again after so much of the budget was made.
_COUNT_SHARE = 64

# So much of the budget is free after a removal: four counts of one process.
_FREE_SHARE = 16

log = structlog.get_logger()


class CacheBudget:
    """Decides whether a rendition may be cached, and removes the oldest to make room.

    The store is listed in the background, by each process for itself: at its first rendition,
    and after each further 64th part of the budget, or of what the disk has room for, if that
    is less. If that much no longer fits, a second listing removes the oldest sixteenth part.
    Several processes that do so at once remove the same renditions.

    Args:
        max_bytes: of all renditions; each process may go beyond it by a 64th part, and by
            what it writes at the moment of a count.
        max_rendition_bytes: of one rendition.
        min_free_bytes: of a folder store's disk, which are left free.
        helpers: count and remove in the background.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        max_bytes: int,
        max_rendition_bytes: int,
        min_free_bytes: int,
        helpers: Executor,
    ) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._max_rendition_bytes = max_rendition_bytes
        self._min_free_bytes = min_free_bytes
        self._helpers = helpers
        self._lock = threading.Lock()
        self._share = max_bytes // _COUNT_SHARE
        # Until the first count has ended, a process adds no more than it may go beyond.
        self._counted = max_bytes - self._share
        self._added = 0
        # So that the first rendition has the cache counted.
        self._uncounted = max_bytes
        self._is_counting = False

    def fits(self, size_bytes: int) -> bool:
        """Return whether a rendition is small enough, and the disk has room for it."""
        return size_bytes <= self._max_rendition_bytes and self.has_room(size_bytes)

    def allows(self, size_bytes: int) -> bool:
        """Return whether a rendition of this size may be cached now, and count it if so."""
        if size_bytes > min(self._max_rendition_bytes, self._max_bytes):
            return False
        with self._lock:
            self._uncounted += size_bytes
            must_count = not self._is_counting and self._uncounted > self._share
            if must_count:
                self._is_counting, self._uncounted = True, 0
            added_before = self._added
        if must_count:
            self._helpers.submit(self._count, added_before, size_bytes)
        if not self.has_room(size_bytes):
            return False
        with self._lock:
            is_allowed = self._counted + self._added + size_bytes <= self._max_bytes
            if is_allowed:
                self._added += size_bytes
        return is_allowed

    def has_room(self, size_bytes: int) -> bool:
        """Return whether the space that has to stay free does so after so many bytes more."""
        room = self._room_bytes()
        return room is None or size_bytes <= room

    def _room_bytes(self) -> int | None:
        """Return how many bytes may be added to the disk, None if that is not known."""
        if not isinstance(self._store, HasLocalPath):
            return None
        try:
            facts = os.statvfs(Path(self._store.local_path("any")).parent)
        except OSError:
            return None  # the put will say what is wrong
        return facts.f_bavail * facts.f_frsize - self._min_free_bytes

    def _count(self, added_before: int, size_bytes: int) -> None:
        """List the cache, which has what was added before; what is added later counts on.

        Room is made for as much as is added until the next count, at least for `size_bytes`.
        """
        try:
            counted, most = self._count_and_make_room(size_bytes)
        except StoreError as error:
            log.warning("the rendition cache cannot be counted", reason=str(error))
            with self._lock:
                self._is_counting = False
            return
        with self._lock:
            self._counted, self._is_counting = counted, False
            self._added -= added_before
            self._share = most // _COUNT_SHARE

    def _count_and_make_room(self, size_bytes: int) -> tuple[int, int]:
        """Return the bytes of the cache, and how many it may have on this disk.

        The oldest renditions are removed if no more would fit.
        """
        ages = BytesByAge()
        for stat in self._store.list(keys.RENDERS):
            ages.add(stat)
        room, most = self._room_bytes(), self._max_bytes
        if room is not None:
            most = max(0, min(most, ages.total + room))
        if ages.total + max(size_bytes, most // _COUNT_SHARE) <= most:
            return ages.total, most
        removed = 0
        excess = ages.total - most + max(size_bytes, most // _FREE_SHARE)
        for stat in ages.oldest(self._store.list(keys.RENDERS), excess):
            self._store.delete(stat.key)
            removed += stat.size
        log.info("the oldest cached renditions are removed to make room", bytes=removed)
        return ages.total - removed, most


Allows = Callable[[int], bool]
"""What decides whether a rendition of so many bytes may be cached."""
