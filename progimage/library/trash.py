"""The trash: deleted pictures that can be restored for some days.

    delete    renditions · note · announcement · record swapped to `trashed` · renditions
    restore   external id, reserved · announcement · record swapped to `live` · note

A picture in the trash has its original, and a record that no viewer can see. The note
`trash/<owner>/<…>-<id>` makes it findable, and says until when it can be restored. The note
is written before the record. A crash in between leaves a note without a picture, which listings
skip and `progimage gc` removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from progimage import keys
from progimage.errors import DamagedRecord, NotFound, Overloaded, PreconditionFailed
from progimage.library import owner_keys
from progimage.library.edits import ATTEMPTS, TICK, Purge, Swaps
from progimage.library.external_ids import ExternalIds
from progimage.library.records import Records, can_edit, can_see, forbidden, not_found, read_record
from progimage.model import Record, Trashed, Viewer, Visibility
from progimage.stores import ObjectStore
from progimage.stores.json_objects import put_empty
from progimage.telemetry import audit

# If the record is not swapped within this time, the process that wrote the note is dead.
STALE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trash:
    """The trash of one library."""

    store: ObjectStore
    records: Records
    swaps: Swaps
    clock: Callable[[], datetime]
    purge: Purge
    external_ids: ExternalIds

    def add(
        self,
        viewer: Viewer,
        image_id: str,
        keep_for: timedelta,
        is_expected: Callable[[Record], bool] = lambda _: True,
    ) -> None:
        """Move a picture to the trash; it can be restored within `keep_for`.

        Raises:
            NotFound: there is no such picture for this viewer.
            Forbidden: it belongs to another owner.
            PreconditionFailed: the current version is not the expected one.
            StoreFull: there is no room for the note.
        """
        for _ in range(ATTEMPTS):
            record, etag = self.records.read(image_id)
            if not can_see(viewer, record):
                raise not_found(image_id)
            if not can_edit(viewer, record):
                raise forbidden(image_id)
            if not is_expected(record):
                raise PreconditionFailed("the picture has another version now")
            self.purge(image_id)
            now = self.clock()
            trashed = record.model_copy(
                update={
                    "state": "trashed",
                    "revision": record.revision + 1,
                    "trash": Trashed(deleted=now, expires=now + keep_for),
                }
            )
            put_note(self.store, trashed)
            if self.swaps.swap(trashed, etag, "image.deleted", purges=True):
                audit.record("delete", image=image_id, owner=record.owner, trash=True)
                return
        raise Overloaded("other requests keep changing this picture; try again")

    def find(self, viewer: Viewer, image_id: str) -> Record:
        """Return the record of a picture in the trash of `viewer`.

        Raises:
            NotFound: there is none, or it belongs to another owner.
        """
        return self._read(viewer, image_id)[0]

    def restore(
        self, viewer: Viewer, image_id: str, visibility: Visibility | None = None
    ) -> Record:
        """Take a picture out of the trash of `viewer`; return its record.

        It has its external id again, unless another picture has taken the id.

        Args:
            visibility: the one that it gets; None: the one that it had.

        Raises:
            NotFound: it is not in this trash.
        """
        for _ in range(ATTEMPTS):
            record, etag = self._read(viewer, image_id)
            with self.external_ids.claim_again(record) as claim:
                restored = record.model_copy(
                    update={
                        "state": "live",
                        "revision": record.revision + 1,
                        "modified": max(self.clock(), record.modified + TICK),
                        "trash": None,
                        "visibility": visibility or record.visibility,
                        "external_id": claim.external_id,
                    }
                )
                if self.swaps.swap(restored, etag, "image.created", purges=False):
                    remove_note(self.store, record)
                    audit.record("restore", image=image_id, owner=record.owner)
                    return claim.settle(restored)
        raise Overloaded("other requests keep changing this picture; try again")

    def has(self, image_id: str) -> bool:
        """Return True if the picture is in the trash of its owner."""
        try:
            return self.records.read(image_id)[0].state == "trashed"
        except (NotFound, DamagedRecord):
            return False

    def list(self, owner: str, after: str = "") -> Iterator[tuple[str, Record]]:
        """Yield the pictures in the trash of `owner`, with their notes, last to expire first.

        Args:
            after: the note of the last picture of the page before.
        """
        return listed(self.store, owner, after)

    def _read(self, viewer: Viewer, image_id: str) -> tuple[Record, str]:
        # The same error for all: nothing may reveal that another account has such a picture.
        shown = image_id if keys.is_image_id(image_id) else "of that id"
        missing = NotFound(f"there is no picture {shown} in the trash")
        try:
            record, etag = self.records.read(image_id)
        except NotFound:
            raise missing from None
        if record.state != "trashed" or not can_edit(viewer, record):
            raise missing
        return record, etag


def listed(store: ObjectStore, owner: str, after: str = "") -> Iterator[tuple[str, Record]]:
    """Yield the pictures in the trash of `owner`; see `Trash.list`."""
    for stat in store.list(owner_keys.trash_of(owner), after):
        image_id = owner_keys.id_of_trash_note(stat.key)
        if image_id is None:
            continue
        try:
            record, _ = read_record(store, image_id)
        except (NotFound, DamagedRecord):
            continue
        if is_note_of(stat.key, record):
            yield stat.key, record


def note_of(record: Record) -> str | None:
    """Return the key of the note of a record in the trash, None for one that is not."""
    if record.trash is None:
        return None
    return owner_keys.trash_note(record.owner, record.trash.expires, record.id)


def put_note(store: ObjectStore, record: Record) -> None:
    """Write the note of a record in the trash."""
    key = note_of(record)
    if key is not None:
        put_empty(store, key)


def remove_note(store: ObjectStore, record: Record) -> None:
    """Remove the note of a record that is, or was, in the trash."""
    key = note_of(record)
    if key is not None:
        store.delete(key)


def is_note_of(key: str, record: Record) -> bool:
    """Return whether a note is that of a record in the trash."""
    return record.state == "trashed" and key == note_of(record)
