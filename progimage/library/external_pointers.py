"""The pointers of external ids: which picture each of them leads to.

A pointer is written before the record of its picture gets the id. Until then, for up to
`RESERVED_FOR`, the id is reserved: no other picture can get it. Pointers are written by
compare-and-swap, and each has a token, so that no two are equal: a process that releases an id
cannot remove the pointer of another process.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from progimage.errors import Conflict, ExternalIdTaken, KeyMissing, NotFound, Overloaded, StoreError
from progimage.imaging.did_you_mean import shown
from progimage.library import owner_keys
from progimage.library.edits import ATTEMPTS
from progimage.library.records import Records
from progimage.model import Record
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.stores.json_objects import JsonObject

# Longer than nearly every upload or edit takes once its bytes are there; after a crash others wait
# for as long. It need not be exact: where two pictures come to have the same id, `settle` takes
# it from the one that the pointer does not lead to.
RESERVED_FOR = timedelta(minutes=2)


class Pointer(JsonObject):
    """The picture that an external id leads to, if the record of the picture agrees.

    Attributes:
        claimed: when the pointer was written.
        revision: that of the record at that time; 0 for a new picture.
        token: makes the pointer differ from every other.
    """

    noun = "external id"

    owner: str
    external_id: str
    image_id: str
    claimed: datetime = datetime.min.replace(tzinfo=UTC)
    revision: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A pointer that was written before the record of its picture has the id.

    Attributes:
        etag: that of the pointer in the store.
        before: the pointer that was there before.
    """

    pointer: Pointer
    etag: str
    before: Pointer | None


@dataclass(frozen=True, slots=True)
class Pointers:
    """The pointers of one library."""

    store: ObjectStore
    records: Records
    clock: Callable[[], datetime]

    def load(self, owner: str, external_id: str) -> tuple[Pointer | None, str]:
        """Return a pointer and its etag, or None and `ABSENT`.

        Raises:
            DamagedRecord: it cannot be read.
        """
        key = owner_keys.external_id(owner, external_id)
        complaint = "this external id is damaged; its operator can run 'progimage check --repair'"
        try:
            return json_objects.load(self.store, key, Pointer, complaint)
        except KeyMissing:
            return None, ABSENT

    def write(
        self, owner: str, external_id: str, image_id: str, revision: int, *, expect: str
    ) -> tuple[Pointer, str]:
        """Let an id lead to a picture; return the pointer and its etag.

        Raises:
            Conflict: the pointer is no longer the version `expect`.
        """
        pointer = Pointer(
            owner=owner,
            external_id=external_id,
            image_id=image_id,
            claimed=self.clock(),
            revision=revision,
            token=secrets.token_hex(8),
        )
        return pointer, self._save(pointer, expect)

    def reserve(
        self, owner: str, external_id: str, image_id: str, revision: int
    ) -> Reservation | None:
        """Reserve an id for a picture; None if the picture has it already.

        Raises:
            ExternalIdTaken: another picture has it, or it is reserved for another.
        """
        for _ in range(ATTEMPTS):
            before, etag = self.load(owner, external_id)
            if before is not None and before.image_id == image_id:
                if self.holder(before) is not None:
                    return None
            elif before is not None:
                self.check_free(before)
            try:
                written = self.write(owner, external_id, image_id, revision, expect=etag)
            except Conflict:
                continue
            return Reservation(*written, before)
        raise Overloaded("many other requests are changing this external id; try again")

    def give_back(self, reservation: Reservation) -> None:
        """Restore the pointer from before a reservation, unless the picture has the id now.

        If the store fails, or another process has written the pointer meanwhile, it stays.
        """
        pointer, before = reservation.pointer, reservation.before
        with suppress(StoreError):
            if self.holder(pointer) is not None:
                return
            if before is not None:
                self._save(before, reservation.etag)
            else:
                key = owner_keys.external_id(pointer.owner, pointer.external_id)
                self.store.delete(key, expect=reservation.etag)

    def release(self, record: Record) -> None:
        """Remove the pointer of the id that a record had, or that is removed with its picture."""
        if not record.external_id:
            return
        pointer, etag = self.load(record.owner, record.external_id)
        if pointer is None or pointer.image_id != record.id or self.holder(pointer) is not None:
            return
        with suppress(Conflict):  # another process has changed it
            key = owner_keys.external_id(record.owner, record.external_id)
            self.store.delete(key, expect=etag)

    def holder(self, pointer: Pointer) -> Record | None:
        """Return the record of the picture that a pointer leads to, None if they disagree."""
        record = self._record_of(pointer)
        return record if record is not None and _is_held(pointer, record) else None

    def check_free(self, pointer: Pointer) -> None:
        """Raise `ExternalIdTaken` if the picture of a pointer has the id, or is getting it.

        A picture in the trash has lost its id as soon as another picture takes it.
        """
        record = self._record_of(pointer)
        is_held = record is not None and _is_held(pointer, record)
        if is_held or self._is_reserved(pointer, record):
            raise ExternalIdTaken(
                f"external_id: {shown(pointer.external_id)} "
                f"{'is that of' if is_held else 'is being given to'} picture {pointer.image_id}; "
                "an upload with on_external=replace moves it to the new picture"
            )

    def _is_reserved(self, pointer: Pointer, record: Record | None) -> bool:
        """Return whether a pointer waits for the record of its picture to get the id."""
        if self.clock() - pointer.claimed > RESERVED_FOR:
            return False
        if record is not None and record.state == "trashed":
            return pointer.revision == record.revision  # it is being restored
        return record is None or record.state == "live"

    def _record_of(self, pointer: Pointer) -> Record | None:
        try:
            return self.records.read(pointer.image_id)[0]
        except NotFound:
            return None

    def _save(self, pointer: Pointer, expect: str) -> str:
        key = owner_keys.external_id(pointer.owner, pointer.external_id)
        return json_objects.save(self.store, key, pointer, expect)


def _is_held(pointer: Pointer, record: Record) -> bool:
    return record.state == "live" and has_id(record, pointer.owner, pointer.external_id)


def has_id(record: Record, owner: str, external_id: str) -> bool:
    """Return whether a record has an external id of `owner`."""
    return (record.owner, record.external_id) == (owner, external_id)
