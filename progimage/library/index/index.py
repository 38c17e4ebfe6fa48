"""The index as one process uses it: announcing changes, and reading the current state.

Records are the truth; the index makes them findable. Announcements and shelves keep it
complete without a lock between processes: a change is announced before its record is written,
and an announcement is not withdrawn while its record may still be written. So a listing of the
announcements after a change was acknowledged has the change, or the manifest of shelves that
have it. `view_reader` makes a view of the current state from that.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from progimage.errors import StoreUnavailable
from progimage.library.index import keys, manifest
from progimage.library.index.shelf_files import ShelfFiles
from progimage.library.index.view import View
from progimage.library.index.view_reader import SWEEP_AFTER_S, ViewReader
from progimage.model import Record
from progimage.stores import ObjectStore
from progimage.stores.deadline import held

GRACE = timedelta(hours=1)
"""An announcement whose record has not come for so long is given up."""

T = TypeVar("T")
R = TypeVar("R")

_EMPTY_TYPE = "application/x-empty"


def _seconds() -> float:
    """Return seconds that go on while the machine sleeps, as the store's clock does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Announced:
    """An announcement of a record that is about to be written."""

    def __init__(self, index: Index, record: Record) -> None:
        self._index = index
        self._record = record
        self._key = keys.new_announcement(record)
        self._began = index.seconds()

    def put(self) -> None:
        """Write the announcement."""
        self._index.put_announcement(self._key)

    def confirm(self) -> None:
        """Call this when the record is written, before the change is acknowledged.

        If it took so long that the announcement may have been given up, there is a new one.
        """
        if self._index.seconds() - self._began > GRACE.total_seconds() / 2:
            self._index.put_announcement(keys.new_announcement(self._record))

    def retract(self) -> None:
        """Withdraw the announcement: the record was not written and never will be."""
        self._index.remove_announcement(self._key)


class Index:
    """Announces changes, and returns views of the current state.

    Args:
        executor: for several requests at a time; worth it where each takes long.
        files: what opens shelves; by default they are read from the store.
        sweep_after_s: how long announcements stay that shelves have; see `view_reader`.
        seconds: a clock that never goes back.
    """

    def __init__(
        self,
        store: ObjectStore,
        executor: Executor | None = None,
        files: ShelfFiles | None = None,
        sweep_after_s: float = SWEEP_AFTER_S,
        seconds: Callable[[], float] = _seconds,
    ) -> None:
        self.store = store
        self.sweep_after_s = sweep_after_s
        self.seconds = seconds
        self._executor = executor
        self._reader = ViewReader(store, files or ShelfFiles(store), self.each, seconds)
        self._is_there = self._has_announced = False
        self._lock = threading.Lock()
        self._tickets = threading.Lock()
        self._begun = self._done = 0
        self._failure: tuple[int, StoreUnavailable] | None = None
        self._view: View | None = None

    def require(self) -> None:
        """Check that the store has an index; give one to a store without pictures.

        Raises:
            IndexMissing: it has pictures and no index, or one of an older version.
        """
        if not self._is_there:
            manifest.require(self.store)
            self._is_there = True

    @contextmanager
    def announcing(self, record: Record, *, is_new: bool = False) -> Iterator[Announced]:
        """Announce a record that is about to be written, while the block does other things.

        When the block ends, the record is announced and can be written.

        Args:
            is_new: there is no record of this generation yet. It is announced as a first
                revision then, since a later one that is not there counts as removed.
        """
        self.require()
        announced = Announced(self, record.model_copy(update={"revision": 1}) if is_new else record)
        writing = self._executor.submit(announced.put) if self._executor else None
        if writing is None:
            announced.put()
        try:
            yield announced
        finally:
            if writing is not None:
                writing.result()

    def announce(self, record: Record, *, is_new: bool = False) -> Announced:
        """Announce a record that is about to be written; see `announcing`."""
        with self.announcing(record, is_new=is_new) as announced:
            return announced

    def view(self) -> View:
        """Return a view of the index at some moment after this was called.

        Callers that arrive during a listing wait for the next one and share it.

        Raises:
            IndexMissing: there is no index.
        """
        self.require()
        with self._tickets:
            ticket = self._begun + 1  # the next listing to begin
        with held(self._lock):
            if self._failure and self._failure[0] >= ticket:
                raise self._failure[1]
            if self._view is None or self._done < ticket:
                with self._tickets:
                    self._begun += 1
                    mine = self._begun
                self._has_announced = False
                try:
                    self._view = self._reader.read(self._view)
                except StoreUnavailable as error:
                    self._failure = mine, error
                    raise
                self._done = mine
            return self._view

    def has_work(self) -> bool:
        """True if this process knows of announcements; the store is not asked."""
        return self._has_announced or bool(self._view and self._view.announced)

    def each(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return the result of `act` for each item; with an executor several run at a time."""
        if self._executor is None or len(items) < 2:
            return list(map(act, items))
        return list(self._executor.map(act, items))

    def put_announcement(self, key: str) -> None:
        """Write an announcement."""
        self._has_announced = True
        self.store.put(key, io.BytesIO(), media_type=_EMPTY_TYPE)

    def remove_announcement(self, key: str) -> None:
        """Remove the announcement of a record that will never be written."""
        self.store.delete(key)
