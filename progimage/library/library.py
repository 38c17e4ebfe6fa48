"""Pictures: add, find, edit, remove.

The order of writes makes a crash harmless. The record is the commit:

    add      original under a name of its own, and announcement · record, created
    edit     announcement · record, swapped · renditions of a hidden picture, removed
    remove   see `progimage.library.removals`
    trash    see `progimage.library.trash`

So a live record always has its bytes, and searches find it. `progimage check --repair`
recognises and removes other objects that a crash left. Any process that finds a `deleting`
record finishes the removal. Several may do so at once, and repeatedly: each step names exactly
what it removes (an original by its generation, the record by its etag), so a slow process cannot
remove a later upload. A request to hide a picture can be repeated: it purges the picture again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO

import structlog

from progimage import keys
from progimage.errors import (
    Conflict,
    DamagedRecord,
    KeyMissing,
    NotFound,
    Overloaded,
)
from progimage.library import quarantine
from progimage.library.candidate import Candidate, first_record
from progimage.library.edits import ATTEMPTS, Changes, Edits, Swaps
from progimage.library.events import NO_EVENTS, Events, subject_of
from progimage.library.external_ids import ExternalIds
from progimage.library.index.index import Index
from progimage.library.originals import Originals
from progimage.library.quotas import Quotas
from progimage.library.records import Records, not_found
from progimage.library.removals import Remover
from progimage.library.trash import Trash
from progimage.model import Metadata, Record, Viewer, Visibility, check_visibility
from progimage.stores import ABSENT, ObjectStore

log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


class Library:
    """Pictures in one object store.

    `records`, `external_ids`, `originals`, `trash` and `remover` have what is done with those.

    Args:
        on_purge: called with the id of each picture whose renditions were purged, before the
            purge is acknowledged.
        events: takes the events of pictures.
        quotas: counts the pictures of accounts; None where there are no quotas.
    """

    def __init__(
        self,
        store: ObjectStore,
        clock: Callable[[], datetime] = _now,
        index: Index | None = None,
        on_purge: Callable[[str], None] | None = None,
        events: Events = NO_EVENTS,
        quotas: Quotas | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._index = index or Index(store)
        self._on_purge = on_purge
        self._events = events
        self.quotas = quotas
        self.records = Records(store)
        swaps = Swaps(self.records, self._index, self.purge, events)
        self._edits = Edits(self.records, swaps, clock, self.purge)
        self.external_ids = ExternalIds(store, self.records, self._edits, clock)
        self.trash = Trash(store, self.records, swaps, clock, self.purge, self.external_ids)
        self.originals = Originals(store, self.records, self._index)
        self.remover = Remover(
            store, self.records, self._index, self.purge, self.external_ids, quotas, events, clock
        )

    def add(
        self, candidate: Candidate, metadata: Metadata, *, is_absent: bool = False
    ) -> tuple[Record, bool]:
        """Store a picture; return its record and whether it is new.

        A picture that is stored already is not changed, and neither is its metadata.

        Args:
            is_absent: True if `held` has just returned None, so that the record need not be
                read again.

        Raises:
            InvalidField: it should be private but has no owner.
            Overloaded: other requests add and remove the same picture all the time.
        """
        check_visibility(metadata, candidate.owner)
        for _ in range(ATTEMPTS):
            if not is_absent and (held := self.find_or_restore(candidate.id)) is not None:
                return held, False
            record = first_record(candidate, metadata, self._clock())
            if self._commit(record, candidate.source):
                return record, True
            is_absent = False
        raise Overloaded("other requests are adding and removing this picture; try again")

    def find(self, viewer: Viewer, image_id: str) -> Record:
        """Return the record of `image_id`, if `viewer` may see it.

        Raises:
            NotFound: there is none, or none that the viewer may see. The error is the same, so
                that a guess reveals nothing.
        """
        return self.records.read_visible(viewer, image_id)[0]

    def find_for_link(self, image_id: str) -> Record:
        """Return the record of `image_id` without a visibility check: for signed links.

        Raises:
            NotFound: there is none.
        """
        record, _ = self.records.read(image_id)
        if record.state != "live":
            raise not_found(image_id)
        return record

    def find_to_edit(self, viewer: Viewer, image_id: str) -> Record:
        """Return the record of `image_id`, if `viewer` may change it.

        Raises:
            NotFound: there is none, or none that the viewer may see.
            Forbidden: it belongs to another owner.
        """
        return self.records.read_editable(viewer, image_id)[0]

    def edit(
        self,
        viewer: Viewer,
        image_id: str,
        changes: Changes,
        is_expected: Callable[[Record], bool],
    ) -> Record:
        """Apply `changes` to the metadata of the version that `is_expected`.

        `is_expected` is called with every version the edit could be based on, so an edit never
        overwrites another client's update by accident. If `changes` is a function, it is called
        with each of them.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it belongs to another owner.
            InvalidField: a change is malformed.
            PreconditionFailed: the current version is not the expected one.
            ExternalIdTaken: another picture of the owner has the external id.
        """
        if isinstance(changes, dict) and "external_id" in changes:
            return self.external_ids.edit(viewer, image_id, changes, is_expected)
        return self._edits.edit(viewer, image_id, changes, is_expected)

    def remove(
        self,
        viewer: Viewer,
        image_id: str,
        is_expected: Callable[[Record], bool] = lambda _: True,
        *,
        from_trash: bool = False,
    ) -> None:
        """Remove a picture and all its objects; see `removals`.

        An interrupted removal is finished. This also works if the store is full.

        Args:
            from_trash: remove it only if it is in the trash; else only if it is not.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it belongs to another owner.
            PreconditionFailed: the current version is not the expected one.
        """
        self.remover.remove(viewer, image_id, is_expected, from_trash=from_trash)

    def finish_removals(self) -> int:
        """Finish interrupted removals; return how many there were."""
        return self.remover.finish_all()

    def purge(self, image_id: str, *, public_only: bool = False) -> int:
        """Remove every cached rendition of a picture; return how many there were."""
        count = 0
        try:
            for public in (True,) if public_only else (True, False):
                for stat in self._store.list(keys.renditions(image_id, public=public)):
                    self._store.delete(stat.key)
                    count += 1
        finally:
            if self._on_purge:
                self._on_purge(image_id)
        return count

    def find_or_restore(self, image_id: str, visibility: Visibility | None = None) -> Record | None:
        """Return the record of a picture about to be added, if it is stored already.

        An interrupted removal is finished first. A record that cannot be read is moved to
        quarantine. A picture in the trash is restored, with this `visibility` if there is one.
        """
        try:
            record, etag = self.records.read(image_id)
        except NotFound:
            return None
        except DamagedRecord:
            with suppress(KeyMissing, Conflict):  # another process was faster
                quarantine.set_aside(self._store, keys.record(image_id), "damaged record")
            return None
        if record.state == "live":
            return record
        if record.state == "trashed":
            return self._restored(record, visibility)
        self.remover.finish(record, etag)
        return None

    def _restored(self, record: Record, visibility: Visibility | None) -> Record | None:
        """Return the picture, taken out of the trash; None if it was removed meanwhile."""
        owner = Viewer(name=record.owner)
        try:
            return self.trash.restore(owner, record.id, visibility)
        except NotFound:
            # Another process has restored or removed it a moment ago.
            return self.find_or_restore(record.id, visibility)

    def adopt(self, record: Record) -> bool:
        """Add a picture whose original is stored already; False if it has a record."""
        return self._commit(record, None)

    def _commit(self, record: Record, source: BinaryIO | None) -> bool:
        """Write original, announcement and record; return False if there is a record already."""
        original = keys.original(record.id, record.generation)
        with (
            self._index.announcing(record, is_new=True) as announced,
            self._events.expecting("image.created", subject_of(record), record.facts) as event,
        ):
            if source is not None:
                source.seek(0)
                self._store.put(original, source, media_type=record.media_type)
        try:
            self.records.write(record, expect=ABSENT)
        except Conflict:
            announced.retract()
            event.retract()
            if source is not None:
                self._store.delete(original)
            return False
        # After any other error it is not known whether the record was written, so its bytes must
        # stay. If it was not, `check` removes them.
        announced.confirm()
        event.confirm()
        return True
