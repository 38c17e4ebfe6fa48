"""Ids of other systems, each of which leads to one picture of an owner.

The pointer of an id, `external/<owner>/…`, names the picture, and the record of the picture has
the id. **An id leads to a picture where the two agree.** So every change takes effect in one
write, and a crash between two writes leaves at most an id that leads nowhere, which the next
upload or edit, or `progimage check --repair`, sets right:

    upload    record with the id, created · pointer, created
    replace   record of the new picture with the id · pointer, swapped · id of the old picture
    edit      record, swapped · pointer of the new id, created · pointer of the old id
    removal   pointer · record (see `progimage.library.library`)

A pointer is written by compare-and-swap, so of two uploads with one id one gets it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from progimage import keys
from progimage.errors import Conflict, ExternalIdTaken, KeyMissing, NotFound, Overloaded
from progimage.imaging.did_you_mean import shown
from progimage.library.edits import ATTEMPTS, Edits
from progimage.library.records import Records
from progimage.model import Record, Viewer, parse_metadata
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.stores.json_objects import JsonObject

# Looked up where an id leads nowhere, so that the answer takes as long as for a hidden picture.
_NO_PICTURE = "0" * 64


class Pointer(JsonObject):
    """The picture that an external id leads to, if the record of the picture agrees."""

    noun = "external id"

    owner: str
    external_id: str
    image_id: str


class ExternalIds:
    """The external ids of one library."""

    def __init__(self, store: ObjectStore, records: Records, edits: Edits) -> None:
        self._store = store
        self._records = records
        self._edits = edits

    def find(self, viewer: Viewer, owner: str, external_id: str) -> Record:
        """Return the record of the picture that an id of `owner` leads to.

        Raises:
            NotFound: it leads to none, or to none that the viewer may see; the two look alike.
        """
        external_id = unicodedata.normalize("NFC", external_id).strip()
        pointer, _ = self._load(owner, external_id)
        missing = NotFound(f"there is no picture with the external id {shown(external_id)}")
        try:
            image_id = pointer.image_id if pointer else _NO_PICTURE
            record, _ = self._records.read_visible(viewer, image_id)
        except NotFound:
            raise missing from None
        if not _has(record, owner, external_id):
            raise missing
        return record

    def check_free(self, owner: str, external_id: str, image_id: str) -> None:
        """Raise `ExternalIdTaken` if an id leads to another picture than `image_id`."""
        pointer, _ = self._load(owner, external_id)
        if pointer is None or pointer.image_id == image_id:
            return
        if self.holder(pointer) is not None:
            raise _taken(external_id, pointer.image_id)

    def edit(
        self,
        viewer: Viewer,
        image_id: str,
        changes: dict[str, Any],
        is_expected: Callable[[Record], bool],
        *,
        replaces: bool = False,
    ) -> Record:
        """Edit metadata with the external id among them; see `Library.edit`.

        Args:
            replaces: take the id from the picture that has it.

        Raises:
            ExternalIdTaken: another picture of the owner has it.
        """
        before, _ = self._records.read_editable(viewer, image_id)
        wanted = parse_metadata({"external_id": changes["external_id"]}).external_id
        if wanted and not replaces:
            self.check_free(before.owner, wanted, image_id)
        record = self._edits.edit(viewer, image_id, changes, is_expected)
        if wanted:
            self.claim(record, replaces=replaces)
        if before.external_id != wanted:
            self.release(before)
        return record

    def claim(self, record: Record, *, replaces: bool) -> None:
        """Let the id of a record lead to its picture.

        Args:
            replaces: take the id from the picture that has it, which then has none.

        Raises:
            ExternalIdTaken: another picture has it; that of `record` now has none.
        """
        owner, external_id = record.owner, record.external_id
        for _ in range(ATTEMPTS):
            pointer, etag = self._load(owner, external_id)
            if pointer is not None and pointer.image_id == record.id:
                return
            holder = self.holder(pointer) if pointer is not None else None
            if holder is not None and not replaces:
                self.forget(record)
                raise _taken(external_id, holder.id)
            new = Pointer(owner=owner, external_id=external_id, image_id=record.id)
            try:
                json_objects.save(self._store, keys.external_id(owner, external_id), new, etag)
            except Conflict:
                continue
            if holder is not None:
                self.forget(holder)
            return
        raise Overloaded("many others are giving away this external id; try again")

    def release(self, record: Record) -> None:
        """Remove the pointer of the id that `record` has or had, if it leads to its picture."""
        if not record.external_id:
            return
        pointer, etag = self._load(record.owner, record.external_id)
        if pointer is not None and pointer.image_id == record.id:
            with suppress(Conflict):  # by now it leads to another picture
                key = keys.external_id(record.owner, record.external_id)
                self._store.delete(key, expect=etag)

    def holder(self, pointer: Pointer) -> Record | None:
        """Return the record of the picture that a pointer leads to, None if they disagree.

        A picture in the trash has lost its id as soon as another picture takes it.
        """
        try:
            record, _ = self._records.read(pointer.image_id)
        except NotFound:
            return None
        is_held = record.state == "live" and _has(record, pointer.owner, pointer.external_id)
        return record if is_held else None

    def forget(self, record: Record) -> None:
        """Remove the id from the current version of a record, if it still has the same."""
        external_id = record.external_id

        def change(current: Record) -> dict[str, Any]:
            return {"external_id": ""} if current.external_id == external_id else {}

        with suppress(NotFound):  # removed meanwhile
            self._edits.edit(Viewer(name=record.owner), record.id, change, lambda _: True)

    def _load(self, owner: str, external_id: str) -> tuple[Pointer | None, str]:
        """Return a pointer and its etag, or None and `ABSENT`."""
        key = keys.external_id(owner, external_id)
        complaint = "this external id is damaged; its operator can run 'progimage check --repair'"
        try:
            return json_objects.load(self._store, key, Pointer, complaint)
        except KeyMissing:
            return None, ABSENT


def _has(record: Record, owner: str, external_id: str) -> bool:
    return (record.owner, record.external_id) == (owner, external_id)


def _taken(external_id: str, image_id: str) -> ExternalIdTaken:
    return ExternalIdTaken(
        f"external_id: {shown(external_id)} is that of picture {image_id}; an upload with "
        "on_external=replace moves it to the new picture"
    )
