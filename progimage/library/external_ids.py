"""Ids of other systems, each of which leads to one picture of an owner.

The pointer of an id, `external/<owner>/…`, names the picture, and the record of the picture has
the id. **An id leads to a picture if the two agree.** So every change takes effect in one
write, and a crash between two writes leaves at most an id that leads nowhere. The next upload or
edit of the same picture, or `progimage check --repair`, corrects it:

    upload    pointer, reserved · record with the id, created
    replace   record of the new picture with the id · pointer, swapped · id of the old picture
    edit      pointer of the new id, reserved · record, swapped · pointer of the old id
    restore   pointer, reserved · record, swapped; without the id if another picture has it
    removal   pointer · record (see `progimage.library.library`)

A pointer is written by compare-and-swap, so of two uploads with one id one gets it. The other
changes nothing: its record is not written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Any, Self

from progimage.errors import Conflict, ExternalIdTaken, NotFound, Overloaded
from progimage.imaging.did_you_mean import shown
from progimage.library.edits import ATTEMPTS, Edits
from progimage.library.external_pointers import Pointers, Reservation, has_id
from progimage.library.records import Records
from progimage.model import Record, Viewer, parse_metadata
from progimage.stores import ObjectStore

# Looked up if an id leads nowhere, so that the answer takes as long as for a hidden picture.
_NO_PICTURE = "0" * 64


def clean_external_id(text: str) -> str:
    """Return an external id as records have it: composed, without spaces around it."""
    return unicodedata.normalize("NFC", text).strip()


class ExternalIds:
    """The external ids of one library."""

    def __init__(
        self, store: ObjectStore, records: Records, edits: Edits, clock: Callable[[], datetime]
    ) -> None:
        self._records = records
        self._edits = edits
        self.pointers = Pointers(store, records, clock)

    def find(self, viewer: Viewer, owner: str, external_id: str) -> Record:
        """Return the record of the picture that an id of `owner` leads to.

        Raises:
            NotFound: it leads to none, or to none that the viewer may see (the same error).
        """
        external_id = clean_external_id(external_id)
        pointer, _ = self.pointers.load(owner, external_id)
        missing = NotFound(f"there is no picture with the external id {shown(external_id)}")
        try:
            image_id = pointer.image_id if pointer else _NO_PICTURE
            record, _ = self._records.read_visible(viewer, image_id)
        except NotFound:
            raise missing from None
        if not has_id(record, owner, external_id):
            raise missing
        return record

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
            ExternalIdTaken: another picture of the owner has it; nothing was changed.
        """
        before, _ = self._records.read_editable(viewer, image_id)
        wanted = parse_metadata({"external_id": changes["external_id"]}).external_id
        claim = self.claim(before.owner, wanted, image_id, before.revision, replaces=replaces)
        with claim:
            record = claim.settle(self._edits.edit(viewer, image_id, changes, is_expected))
        if before.external_id != wanted:
            self.pointers.release(before)
        return record

    def claim(
        self, owner: str, external_id: str, image_id: str, revision: int = 0, *, replaces: bool
    ) -> Claim:
        """Reserve an id for a picture whose record is about to get it.

        Args:
            external_id: "" for none.
            revision: that of the record; 0 for a new picture.
            replaces: the id will be taken from the picture that has it, so that there is
                nothing to reserve.

        Raises:
            ExternalIdTaken: another picture has the id.
        """
        if not external_id or replaces:
            return Claim(self, external_id, None, replaces=replaces)
        reservation = self.pointers.reserve(owner, external_id, image_id, revision)
        return Claim(self, external_id, reservation, replaces=False)

    def claim_again(self, trashed: Record) -> Claim:
        """Reserve the id of a picture that is restored; reserve none if another picture has it."""
        owner, external_id = trashed.owner, trashed.external_id
        try:
            return self.claim(owner, external_id, trashed.id, trashed.revision, replaces=False)
        except ExternalIdTaken:
            return Claim(self, "", None, replaces=False)

    def settle(self, record: Record, *, replaces: bool) -> Record:
        """Let the id of a live record lead to its picture; return the record.

        Args:
            replaces: take the id from the picture that has it, which then has none. Else
                `record` has none if another picture has the id.
        """
        owner, external_id = record.owner, record.external_id
        for _ in range(ATTEMPTS):
            pointer, etag = self.pointers.load(owner, external_id)
            if pointer is not None and pointer.image_id == record.id:
                return record
            try:
                if pointer is not None and not replaces:
                    self.pointers.check_free(pointer)
                self.pointers.write(owner, external_id, record.id, record.revision, expect=etag)
            except ExternalIdTaken:
                return self._forget(record)
            except Conflict:
                continue
            # Read after the swap: before it the record of that picture may have been on its way.
            if pointer is not None and (loser := self.pointers.holder(pointer)) is not None:
                self._forget(loser)
            return record
        raise Overloaded("many other requests are changing this external id; try again")

    def _forget(self, record: Record) -> Record:
        """Remove the id from the current version of a record, if it still has the same."""
        external_id = record.external_id

        def change(current: Record) -> dict[str, Any]:
            return {"external_id": ""} if current.external_id == external_id else {}

        try:
            return self._edits.edit(Viewer(name=record.owner), record.id, change, lambda _: True)
        except NotFound:  # removed meanwhile
            return record


@dataclass(eq=False, slots=True)
class Claim:
    """An id that is reserved while the record of a picture gets it: a context manager.

    At its end the id becomes free again, unless the record has it.
    """

    external_ids: ExternalIds
    external_id: str
    reservation: Reservation | None
    _: KW_ONLY
    replaces: bool

    def settle(self, record: Record) -> Record:
        """Let the id lead to a picture whose record has it now; return the record.

        The returned record is without the id if another picture has taken it already.
        """
        if self.external_id and record.external_id == self.external_id:
            record = self.external_ids.settle(record, replaces=self.replaces)
            self.reservation = None
        return record

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.reservation is not None:
            self.external_ids.pointers.give_back(self.reservation)
