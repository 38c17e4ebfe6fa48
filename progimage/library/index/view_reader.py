"""Reading views: each follows from the one before it, by a look at what is new since.

*   An announcement is removed only when some process has seen it in the shelves for
    `SWEEP_AFTER_S`. A listing that took longer than half of that may have missed it and
    still shown an older manifest; then the manifest is looked at again.
*   In a local folder that is done after every listing: the announcement was removed after a
    manifest with its change was in place, so this one has it too. Nothing needs to wait there.
*   A record that was read counts for as long as the manifest stays the same: under a newer
    one, the announcement of a later change may have been removed already.
*   Announcements that the shelves have are compared with them again when the manifest changes:
    without conditional writes an older manifest may have replaced a newer one.

So a search is one LIST, a GET for each change that this process has not read yet, and no look
at the records of what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol, TypeVar

from progimage.errors import DamagedRecord, IndexMissing, KeyMissing, NotFound, StoreUnavailable
from progimage.library.index import keys, manifest, positions
from progimage.library.index.keys import Announcement
from progimage.library.index.positions import Position
from progimage.library.index.shelf_files import ShelfFiles
from progimage.library.index.view import Part, Range, State, Unshelved, View
from progimage.library.records import read_record
from progimage.model import Record
from progimage.stores import HasNames, ObjectStore

SWEEP_AFTER_S = 5.0
"""How long announcements stay that shelves have, where listings show the manifest too."""

T = TypeVar("T")
R = TypeVar("R")

_ATTEMPTS = 10


class Each(Protocol):
    """Returns the result of `act` for each item, perhaps of several at a time."""

    def __call__(self, act: Callable[[T], R], items: Sequence[T], /) -> list[R]: ...


class ViewReader:
    """Reads views of an index.

    Args:
        each: for several requests at a time.
        seconds: a clock that never goes back.
    """

    def __init__(
        self, store: ObjectStore, files: ShelfFiles, each: Each, seconds: Callable[[], float]
    ) -> None:
        self._store = store
        # Asked once: the answer takes longer than a look at a file.
        self._named = store if isinstance(store, HasNames) else None
        self._files = files
        self._each = each
        self._seconds = seconds

    def read(self, before: View | None) -> View:
        """Return a view of the index as it is now; `before` is the last one, if there is one.

        Raises:
            IndexMissing: there is no index.
            StoreUnavailable: it cannot be read.
        """
        for _ in range(_ATTEMPTS):
            began = self._seconds()
            announced, etag = self._listed(before)
            is_slow = self._seconds() - began > SWEEP_AFTER_S / 2
            if (etag is None or is_slow) and etag != self._etag_now():
                continue
            if before is None or before.etag != etag:
                # It may have been swapped again since the listing. What that shows is true
                # of a newer one too: an announcement that was removed since is in both.
                before = self._with_newest_manifest(before)
            try:
                return self._resolved(before, announced)
            except KeyMissing:
                before = None  # a shelf was replaced and removed: there is a newer manifest
        raise StoreUnavailable("the index changes faster than it can be read; try again")

    def _listed(self, before: View | None) -> tuple[dict[str, datetime], str | None]:
        """Return when each announcement was written, by its key, and the manifest's etag.

        An announcement never changes, so of known ones the name is enough.
        """
        if self._named is None:
            listed = {stat.key: stat for stat in self._store.list(keys.LIVE)}
            head = listed.pop(keys.MANIFEST, None)
            times = {key: stat.modified for key, stat in listed.items() if keys.announcement(key)}
            return times, head.etag if head else None
        known = before.announced if before else {}
        names = set(self._named.names(keys.LIVE, known))
        times = dict(known)
        for key in known.keys() - names:
            del times[key]
        for key in names - known.keys():
            if keys.announcement(key):
                with suppress(KeyMissing):  # removed since
                    times[key] = self._store.stat(key).modified
        return times, self._etag_now()

    def _etag_now(self) -> str:
        try:
            return self._store.stat(keys.MANIFEST).etag
        except KeyMissing:
            raise IndexMissing from None

    def _with_newest_manifest(self, before: View | None) -> View:
        """Return a view by the current manifest, as if nothing were announced."""
        current, etag = manifest.read(self._store)
        known = {part.range.row: part.range for part in before.parts} if before else {}
        ranges = [known.get(row) or Range(row, self._files) for row in current.rows]
        ends = [*(row.first for row in current.rows[1:]), None]
        parts = tuple(Part(found, end) for found, end in zip(ranges, ends, strict=True))
        self._files.keep_only(frozenset(shelf.name for shelf in current.shelves))
        return View(current, etag, parts, shelved_since=before.shelved_since if before else {})

    def _resolved(self, before: View, announced: dict[str, datetime]) -> View:
        """Return a view with the announced pictures as they are now.

        Only pictures with new, removed or unsettled announcements are looked at again.
        """
        changed = announced.keys() ^ before.announced.keys()
        announced_of = dict(before.announced_of)
        affected = {at for at, state in before.states.items() if state.unsettled}
        for key in changed:
            if change := keys.announcement(key):
                affected.add(change.position)
                others = announced_of.get(change.position, frozenset())
                announced_of[change.position] = others ^ {key}
        if not affected:
            return before
        shelved = dict(before.shelved_since)
        for key in before.shelved_since.keys() - announced.keys():
            del shelved[key]
        waiting: dict[Position, frozenset[Announcement]] = {}
        now = self._seconds()
        for at in affected:
            if not announced_of[at]:
                del announced_of[at]
                continue
            changes = set()
            for key in announced_of[at]:
                change = keys.announcement(key)
                if change is None:
                    continue
                if _is_shelved(before, key, change):
                    shelved.setdefault(key, now)
                else:
                    shelved.pop(key, None)
                    changes.add(change)
            if changes:
                waiting[at] = frozenset(changes)
        states = self._states(before, affected, waiting)
        parts = _parts(before, affected, states)
        return View(before.manifest, before.etag, parts, announced, announced_of, states, shelved)

    def _states(
        self,
        before: View,
        affected: set[Position],
        waiting: dict[Position, frozenset[Announcement]],
    ) -> dict[Position, State]:
        """Return the states with those of affected pictures as they are now."""
        states = dict(before.states)
        for at in affected:
            states.pop(at, None)
        unknown: list[tuple[Position, frozenset[Announcement]]] = []
        for at, changes in waiting.items():
            known = before.states.get(at)
            if known and known.is_settled and changes <= known.changes:
                states[at] = known
            else:
                unknown.append((at, changes))
        read = self._each(lambda wanted: self._state(*wanted), unknown)
        states.update(zip((at for at, _ in unknown), read, strict=True))
        return states

    def _state(self, at: Position, changes: frozenset[Announcement]) -> State:
        try:
            record, _ = read_record(self._store, positions.id_of(at))
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


def _is_shelved(before: View, key: str, change: Announcement) -> bool:
    state = before.states.get(change.position)
    if state and change in state.changes:
        return False  # as it was when this manifest was new
    if key in before.shelved_since and key in before.announced:
        return True
    return before.parts[before.number_of(change.position)].range.has(change)


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


def _parts(
    before: View, affected: set[Position], states: dict[Position, State]
) -> tuple[Part, ...]:
    """Return the parts with the states of affected pictures; the others stay as they are."""
    by_part: dict[int, dict[Position, State | None]] = {}
    for at in affected:
        by_part.setdefault(before.number_of(at), {})[at] = states.get(at)
    parts = list(before.parts)
    for number, changed in by_part.items():
        parts[number] = parts[number].with_states(changed)
    return tuple(parts)
