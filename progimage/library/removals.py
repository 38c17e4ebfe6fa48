"""Removals of pictures: they are hidden first, and interrupted removals are finished later.

    remove   renditions · note · announcement · record swapped to `deleting` · renditions ·
             original · record · note

The renditions are removed first, so that nothing is public while a record is `deleting`, and
once more afterwards, because renders may have been running. The note
`removals/<id>` lets any process finish an interrupted removal.

A full store cannot take the note or the swapped record. Then the record is removed at
once, and announced when the removed original has made room. A crash in between leaves an
original without a record and searches that show the picture, which `progimage check --repair`
finds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from progimage import keys
from progimage.errors import (
    Conflict,
    DamagedRecord,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreFull,
)
from progimage.library import originals
from progimage.library.edits import ATTEMPTS
from progimage.library.events import NO_EVENTS, Event, Events, Subject, expect, subject_of
from progimage.library.external_ids import ExternalIds
from progimage.library.index.index import Index
from progimage.library.quotas import Quotas
from progimage.library.records import (
    Records,
    can_edit,
    can_see,
    forbidden,
    next_revision,
    not_found,
)
from progimage.library.trash import remove_note
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.json_objects import delete_all, put_empty
from progimage.telemetry import audit

log = structlog.get_logger()

# If a removal does not begin within this time, its process is dead.
_BEGINS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Remover:
    """Removes pictures.

    Args:
        purge: removes the cached renditions of a picture.
        quotas: counts the pictures of accounts; None where there are no quotas.
        events: takes the events of pictures.
    """

    store: ObjectStore
    records: Records
    index: Index
    purge: Callable[[str], int]
    external_ids: ExternalIds
    quotas: Quotas | None
    events: Events
    clock: Callable[[], datetime]

    def remove(
        self,
        viewer: Viewer,
        image_id: str,
        is_expected: Callable[[Record], bool],
        *,
        from_trash: bool,
    ) -> None:
        """Remove a picture; see `Library.remove`."""
        for _ in range(ATTEMPTS):
            try:
                record, etag = self.records.read(image_id)
            except DamagedRecord:
                self._remove_damaged(viewer, image_id)
                return
            if record.state != "deleting":
                if (record.state == "trashed") != from_trash:
                    break
                if not from_trash and not can_see(viewer, record):
                    break
                if not can_edit(viewer, record):
                    raise not_found(image_id) if from_trash else forbidden(image_id)
                if not is_expected(record):
                    raise PreconditionFailed("the picture has another version now")
                self.purge(image_id)
                try:
                    self._hide_and_finish(record, etag)
                except Conflict:
                    continue
            else:
                self.finish(record, etag)
                if not can_edit(viewer, record):
                    break
            audit.record("delete", image=image_id, owner=record.owner)
            return
        raise not_found(image_id)

    def _hide_and_finish(self, record: Record, etag: str) -> None:
        """Mark a picture and remove it; raises `Conflict` if it changed."""
        try:
            put_empty(self.store, keys.removal(record.id))
            marked = self._mark_deleting(record, etag)
        except StoreFull:
            self._remove_from_full_store(record, etag)
        else:
            self.finish(*marked)

    def finish(self, record: Record, etag: str) -> None:
        """Remove all objects of a `deleting` record, then the record itself."""
        self.purge(record.id)
        delete_all(self.store, keys.working_copies(record.id))
        self.store.delete(keys.original(record.id, record.generation))
        remove_note(self.store, record)
        self.external_ids.pointers.release(record)
        try:
            self.store.delete(keys.record(record.id), expect=etag)
        except Conflict:
            # Another process was faster, and the picture has been uploaded again.
            return
        self._forget(record.id)

    def finish_all(self) -> int:
        """Finish interrupted removals; return how many there were.

        A removal that cannot be finished yet does not stop the others.

        Raises:
            StoreUnavailable: the notes cannot be listed.
        """
        finished = 0
        for stat in self.store.list(keys.REMOVALS):
            image_id = keys.id_of_removal(stat.key)
            if image_id is None:
                continue
            try:
                record, etag = self.records.read(image_id)
                if record.state == "deleting":
                    self.finish(record, etag)
                    finished += 1
                elif stat.modified < self.clock() - _BEGINS_WITHIN:
                    self.store.delete(stat.key)
            except NotFound:
                self._forget(image_id)
            except DamagedRecord:
                continue
            except StoreError as error:
                log.warning("removal not finished yet", picture=image_id, reason=str(error))
        return finished

    def _forget(self, image_id: str) -> None:
        """Remove the note; if that fails, `finish_all` removes it later."""
        with suppress(StoreError):
            self.store.delete(keys.removal(image_id))

    def _remove_damaged(self, viewer: Viewer, image_id: str) -> None:
        """Remove a picture with an unreadable record, if its bytes prove that `viewer` owns it.

        Raises:
            DamagedRecord: the bytes do not prove it, or are missing.
        """
        prefix = keys.picture(image_id)
        stored = [s.key for s in self.store.list(prefix) if s.key != keys.record(image_id)]
        if not any(originals.is_of(self.store, key, image_id, viewer) for key in stored):
            raise DamagedRecord(
                f"the record of picture {image_id} is damaged, so its owner is not known; "
                "its operator can repair it with 'progimage check --repair'"
            )
        self.purge(image_id)
        facts = {"id": image_id, "owner": viewer.name}
        event = expect(self.events, "image.deleted", Subject(image_id), lambda: facts)
        self.store.delete(keys.record(image_id))
        event.confirm()
        for key in stored:
            self.store.delete(key)
        self.purge(image_id)
        for known in self.index.view().with_id(image_id):
            self.index.announce(next_revision(known))
        audit.record("delete", image=image_id, owner=viewer.name)

    def _remove_from_full_store(self, record: Record, etag: str) -> None:
        """Remove a picture without marking it; raises `Conflict` if it changed."""
        event = self._expect_removal(record)
        try:
            self.store.delete(keys.record(record.id), expect=etag)
        except Conflict:
            event.retract()
            raise
        self.finish(record, etag)
        event.confirm()
        try:
            # The removed original has made room.
            self.index.announce(next_revision(record))
        except StoreFull:
            log.warning(
                "searches show a removed picture until 'progimage check --repair'",
                picture=record.id,
            )

    def _mark_deleting(self, record: Record, etag: str) -> tuple[Record, str]:
        deleting = next_revision(record).model_copy(update={"state": "deleting"})
        event = self._expect_removal(record)
        announced = self.index.announce(deleting)
        try:
            etag = self.records.write(deleting, expect=etag)
        except Conflict:
            event.retract()
            raise
        announced.confirm()
        event.confirm()
        # Here, because only one of the processes that remove a picture gets past the swap. A
        # count that stays too high is corrected before it rejects an upload.
        if self.quotas:
            with suppress(StoreError):
                self.quotas.release(record.owner, record.size_bytes)
        return deleting, etag

    def _expect_removal(self, record: Record) -> Event:
        """Expect the event of a removal; for a picture in the trash it was sent before."""
        events = NO_EVENTS if record.state == "trashed" else self.events
        return expect(events, "image.deleted", subject_of(next_revision(record)), record.facts)
