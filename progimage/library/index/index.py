"""The index as one process uses it: announcing changes, and reading the current state.

Records are the truth; the index makes them findable. Announcements and shelves keep it
complete without a lock between processes:

*   A change is announced before its record is written, and an announcement is not withdrawn
    while its record may still be written. So a listing of the announcements after a change was
    acknowledged has the change, or the manifest of shelves that have it.
*   An announcement is removed only when some process has seen it in the shelves for
    `SWEEP_AFTER_S`. A listing that took longer than half of that may have missed it and
    still shown an older manifest; then the manifest is looked at again.
*   A record that was read counts for as long as the manifest stays the same: under a newer
    one, the announcement of a later change may have been removed already.

So a search is one LIST, a GET for each change this process has not read yet, and no look at
the records of what it finds.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

from progimage.errors import DamagedRecord, IndexMissing, KeyMissing, NotFound, StoreUnavailable
from progimage.library.index import keys, manifest, positions
from progimage.library.index.keys import Announcement
from progimage.library.index.manifest import Manifest
from progimage.library.index.positions import Position
from progimage.library.index.shelf_files import ShelfFiles
from progimage.library.index.view import Part, Range, State, Unshelved, View
from progimage.library.records import read_record
from progimage.model import Record
from progimage.stores import HasNames, ObjectStore
from progimage.stores.deadline import held

SWEEP_AFTER_S = 5.0
GRACE = timedelta(hours=1)
"""An announcement whose record has not come for so long is given up."""

T = TypeVar("T")
R = TypeVar("R")

_EMPTY_TYPE = "application/x-empty"
_ATTEMPTS = 10


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
        seconds: a clock that never goes back.
    """

    def __init__(
        self,
        store: ObjectStore,
        executor: Executor | None = None,
        files: ShelfFiles | None = None,
        seconds: Callable[[], float] = _seconds,
    ) -> None:
        self.store = store
        self.seconds = seconds
        self._executor = executor
        self._files = files or ShelfFiles(store)
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
                try:
                    self._view = self._refreshed(self._view)
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

    def _refreshed(self, before: View | None) -> View:
        for _ in range(_ATTEMPTS):
            began = self.seconds()
            self._has_announced = False
            times, etag = self._listed(before)
            is_slow = self.seconds() - began > SWEEP_AFTER_S / 2
            if (etag is None or is_slow) and etag != self._etag_now():
                continue
            if before is None or before.etag != etag:
                # It may have been swapped again since the listing. What that shows is true
                # of a newer one too: an announcement that was removed since is in both.
                current, newest = manifest.read(self.store)
                before = self._with_manifest(current, newest, before)
            try:
                return self._resolved(before, times)
            except KeyMissing:
                before = None  # a shelf was replaced and removed: there is a newer manifest
        raise StoreUnavailable("the index changes faster than it can be read; try again")

    def _listed(self, before: View | None) -> tuple[dict[str, datetime], str | None]:
        """Return when each announcement was written, by its key, and the manifest's etag.

        An announcement never changes, so of known ones the name is enough.
        """
        if not isinstance(self.store, HasNames):
            listed = {stat.key: stat for stat in self.store.list(keys.LIVE)}
            head = listed.pop(keys.MANIFEST, None)
            times = {key: stat.modified for key, stat in listed.items() if keys.announcement(key)}
            return times, head.etag if head else None
        known = before.announced if before else {}
        times = {}
        for key in self.store.names(keys.LIVE):
            if keys.announcement(key):
                with suppress(KeyMissing):  # removed since
                    times[key] = known.get(key) or self.store.stat(key).modified
        return times, self._etag_now()

    def _etag_now(self) -> str:
        try:
            return self.store.stat(keys.MANIFEST).etag
        except KeyMissing:
            raise IndexMissing from None

    def _with_manifest(self, current: Manifest, etag: str, before: View | None) -> View:
        known = {part.range.row: part.range for part in before.parts} if before else {}
        ranges = [known.get(row) or Range(row, self._files) for row in current.rows]
        ends = [*(row.first for row in current.rows[1:]), None]
        parts = tuple(Part(found, end) for found, end in zip(ranges, ends, strict=True))
        self._files.keep_only(frozenset(shelf.name for shelf in current.shelves))
        shelved = before.shelved_since if before else {}
        return View(current, etag, parts, {}, {}, shelved)

    def _resolved(self, before: View, times: dict[str, datetime]) -> View:
        """Return a view with the announced pictures as they are now.

        Only pictures with new, removed or unsettled announcements are looked at again.
        """
        now = self.seconds()
        changed = times.keys() ^ before.announced.keys()
        affected = {change.position for key in changed if (change := keys.announcement(key))}
        affected.update(at for at, state in before.states.items() if not state.is_settled)
        if not affected:
            return before
        shelved = {
            key: since
            for key, since in before.shelved_since.items()
            if key in times and key in before.announced
        }
        waiting: dict[Position, set[Announcement]] = {}
        for key in times:
            change = keys.announcement(key)
            if change is None or change.position not in affected:
                continue
            if self._is_shelved(before, key, change):
                shelved[key] = before.shelved_since.get(key, now)
            else:
                waiting.setdefault(change.position, set()).add(change)
        states = {at: state for at, state in before.states.items() if at not in affected}
        unknown: list[tuple[Position, frozenset[Announcement]]] = []
        for at, changes in waiting.items():
            known = before.states.get(at)
            if known and known.is_settled and changes <= known.changes:
                states[at] = known
            else:
                unknown.append((at, frozenset(changes)))
        read = self.each(lambda wanted: self._read(*wanted), unknown)
        states.update(zip((at for at, _ in unknown), read, strict=True))
        parts = tuple(_without_unshelved(part) for part in before.parts)
        return _view_of(before, parts, times, states, shelved)

    def _is_shelved(self, before: View, key: str, change: Announcement) -> bool:
        state = before.states.get(change.position)
        if state and change in state.changes:
            return False  # as it was when this manifest was new
        if key in before.shelved_since and key in before.announced:
            return True
        return before.parts[before.number_of(change.position)].range.has(change)

    def _read(self, at: Position, changes: frozenset[Announcement]) -> State:
        try:
            record, _ = read_record(self.store, positions.id_of(at))
        except NotFound:
            found = None
        except DamagedRecord:
            return State(None, changes, changes, None, is_damaged=True)
        else:
            is_here = positions.position(record.created, record.id) == at
            found = record if is_here else None
        unsettled = frozenset(_unsettled(changes, found))
        live = found if found and found.state == "live" else None
        return State(live, changes, unsettled, Unshelved(live) if live else None)


def _unsettled(changes: frozenset[Announcement], record: Record | None) -> Iterator[Announcement]:
    """Yield the changes that have not happened yet but still may.

    The first revision of an upload may come as long as there is none. Later revisions are
    changes of a record that was there: if it is not any more, it was removed for good.
    """
    uploaded = {change.generation for change in changes if change.revision > 1}
    for change in changes:
        if record is not None and record.generation == change.generation:
            if record.revision < change.revision:
                yield change
        elif change.generation not in uploaded:
            yield change


def _without_unshelved(part: Part) -> Part:
    return Part(part.range, part.end) if part.unshelved else part


def _view_of(
    before: View,
    parts: tuple[Part, ...],
    times: dict[str, datetime],
    states: dict[Position, State],
    shelved: dict[str, float],
) -> View:
    by_part: dict[int, dict[Position, Unshelved | None]] = {}
    for at, state in states.items():
        by_part.setdefault(before.number_of(at), {})[at] = state.unshelved
    filled = list(parts)
    for number, unshelved in by_part.items():
        filled[number] = Part(parts[number].range, parts[number].end, unshelved)
    return View(before.manifest, before.etag, tuple(filled), times, states, shelved)
