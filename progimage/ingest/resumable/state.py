"""The objects of an upload beside its bytes: small JSON files, each written once; its progress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, ClassVar

from pydantic import field_serializer

from progimage import errors
from progimage.config.clock_skew import APART_S
from progimage.errors import DamagedRecord, PictureError
from progimage.ingest.known import OnExternal, OnKnown
from progimage.ingest.resumable import keys as upload_keys
from progimage.model import Metadata
from progimage.stores import ObjectStore, Stat
from progimage.stores.json_objects import JsonObject, delete_all, find

# A node whose clock is behind may receive bytes for an upload this much longer.
_APART = timedelta(seconds=APART_S)


class UploadFile(JsonObject):
    """An object of the store that belongs to an upload."""

    noun: ClassVar[str] = "upload"


class ResumableUpload(UploadFile):
    """The record of an upload, written when it is created.

    Attributes:
        id: 32 lowercase hex digits.
        owner: the account that may use it. "" is the default owner, whose uploads every client
            that knows the id may use.
        size_bytes: None if the client did not know it at first.
        on_known: what to do with the metadata if the picture is known.
        on_external: what to do if another picture has the external id.
        note: text of the client that is returned to it unchanged.
    """

    id: str
    owner: str = ""
    created: datetime
    expires: datetime
    size_bytes: int | None
    file_name: str
    metadata: Metadata
    on_known: OnKnown = "keep"
    on_external: OnExternal = "conflict"
    note: str

    @field_serializer("metadata")
    def _sent_fields(self, metadata: Metadata) -> dict[str, Any]:
        """Write only the fields that were sent, to distinguish them from defaults."""
        return metadata.model_dump(mode="json", exclude_unset=True)


class Outcome(UploadFile):
    """The result: the picture `image_id`, or an error by the name of its class.

    Attributes:
        is_new, applied, not_applied: as in `progimage.ingest.known.Added`.
    """

    size_bytes: int
    image_id: str = ""
    is_new: bool = True
    applied: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()
    error: str = ""
    detail: str = ""


class Size(UploadFile):
    """The size of an upload whose record has none."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come.

    Attributes:
        size_bytes: of the whole upload; None while it is not known.
        pieces: the bytes that have arrived, in order.
        outcome: None until the picture is made.
    """

    upload: ResumableUpload
    size_bytes: int | None
    pieces: tuple[Stat, ...] = ()
    outcome: Outcome | None = None

    @property
    def image_id(self) -> str | None:
        """The picture that the upload has become, None before that."""
        return self.outcome.image_id if self.outcome else None

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        if self.image_id is not None and self.size_bytes is not None:
            return self.size_bytes
        return sum(piece.size for piece in self.pieces)

    @property
    def is_complete(self) -> bool:
        """True if every byte has arrived, whether or not the picture is made."""
        return self.offset == self.size_bytes


def ended(upload: ResumableUpload, outcome: Outcome) -> Progress:
    """Return the progress of an upload with an outcome.

    Raises:
        PictureError: the outcome is an error.
    """
    if not outcome.error:
        return Progress(upload, outcome.size_bytes, outcome=outcome)
    kind = getattr(errors, outcome.error, PictureError)
    raise kind(outcome.detail)


def remove(store: ObjectStore, upload_id: str) -> None:
    """Remove an upload: its record first, so that no request sees half of it."""
    store.delete(upload_keys.record(upload_id))
    delete_all(store, upload_keys.upload(upload_id))


def ids(store: ObjectStore) -> Iterator[str]:
    """Yield the id of each upload, also of those with remains only."""
    found = (upload_keys.id_of(stat.key) for stat in store.list(upload_keys.UPLOADS))
    return (upload_id for upload_id, _ in groupby(found) if upload_id)


def remove_expired(store: ObjectStore, now: datetime) -> int:
    """Remove expired uploads, and the remains of others after crashes; return how many."""
    removed = 0
    for upload_id in ids(store):
        try:
            upload = find(store, upload_keys.record(upload_id), ResumableUpload)
        except DamagedRecord:
            continue
        if upload is None or upload.expires <= now - _APART:
            remove(store, upload_id)
            removed += 1
    return removed
