"""Bounds what the rendition cache takes, while the service runs: bytes in all, and of one file.

`progimage gc` removes what is old. Between its runs nothing is cached beyond the budget,
so that a client that asks for ever other renditions cannot fill the disk.
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
from progimage.stores import HasLocalPath, ObjectStore

# Each process counts what is in the cache again after it has added so much of the budget.
_RECOUNT_SHARE = 64

log = structlog.get_logger()


class CacheBudget:
    """Decides whether a rendition may be cached.

    The store is listed in the background, by each process for itself: at its first rendition,
    and after each further 64th part of the budget.

    Args:
        max_bytes: of all renditions; each process may go beyond it by a 64th part, and by
            what it writes at the moment of a count.
        max_rendition_bytes: of one rendition.
        min_free_bytes: of a folder store's disk, which are left free.
        helpers: count in the background.
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
        self._share = max_bytes // _RECOUNT_SHARE
        # Until the first count has ended, a process adds no more than it may go beyond.
        self._counted = max_bytes - self._share
        self._added = 0
        # So that the first rendition has the cache counted.
        self._uncounted = max_bytes
        self._is_counting = False

    def fits(self, size_bytes: int) -> bool:
        """Return whether a rendition is small enough, and the disk has room for it."""
        if size_bytes > self._max_rendition_bytes:
            return False
        return self.has_room(size_bytes)

    def allows(self, size_bytes: int) -> bool:
        """Return whether a rendition of this size may be cached now, and count it if so."""
        if not self.fits(size_bytes):
            return False
        with self._lock:
            self._uncounted += size_bytes
            must_count = not self._is_counting and self._uncounted > self._share
            if must_count:
                self._is_counting, self._uncounted = True, 0
            added_before = self._added
        if must_count:
            self._helpers.submit(self._count, added_before)
        with self._lock:
            is_allowed = self._counted + self._added + size_bytes <= self._max_bytes
            if is_allowed:
                self._added += size_bytes
        return is_allowed

    def has_room(self, size_bytes: int) -> bool:
        """Return whether the space that has to stay free does so after so many bytes more."""
        if not isinstance(self._store, HasLocalPath):
            return True
        try:
            facts = os.statvfs(Path(self._store.local_path("any")).parent)
        except OSError:
            return True  # the put will say what is wrong
        return facts.f_bavail * facts.f_frsize - size_bytes >= self._min_free_bytes

    def _count(self, added_before: int) -> None:
        """List the cache, which has what was added before; what is added later counts on."""
        try:
            counted = sum(stat.size for stat in self._store.list(keys.RENDERS))
        except StoreError:
            with self._lock:
                self._is_counting = False
            return
        with self._lock:
            self._counted, self._is_counting = counted, False
            self._added -= added_before
        if counted + self._share > self._max_bytes:
            log.warning(
                "no renditions are cached: the cache is full; run `progimage gc`",
                bytes=counted,
                setting="cache.max_bytes",
            )


Allows = Callable[[int], bool]
"""What decides whether a rendition of so many bytes may be cached."""
