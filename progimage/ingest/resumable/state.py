"""What the store holds of an upload beside its bytes: small objects, each written once."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import ClassVar

from progimage import keys
from progimage.config.clock_skew import APART_S
from progimage.errors import DamagedRecord
from progimage.model import Metadata
from progimage.stores import ObjectStore
from progimage.stores.json_objects import JsonObject, delete_all, find

# Until then a node whose clock is behind may still receive for it.
_APART = timedelta(seconds=APART_S)


class UploadFile(JsonObject):
    """What is kept of an upload."""

    noun: ClassVar[str] = "upload"


class ResumableUpload(UploadFile):
    """What was said of an upload when it was created.

    Attributes:
        id: 32 lowercase hex digits.
        owner: who alone may use it; "" is the default owner, whose slots are for
            whoever knows their id.
        size_bytes: None if it was not known then.
        note: what the client wants to be told again, as it stands.
    """

    id: str
    owner: str = ""
    created: datetime
    expires: datetime
    size_bytes: int | None
    file_name: str
    metadata: Metadata
    note: str


class Outcome(UploadFile):
    """What became of the bytes: the picture `image_id`, or an error by the name of its class."""

    size_bytes: int
    image_id: str = ""
    error: str = ""
    detail: str = ""


class Size(UploadFile):
    """How many bytes there will be, where that was not known at first."""

    size_bytes: int


def remove(store: ObjectStore, slot_id: str) -> None:
    """Remove an upload: first what makes it one, so that nobody sees half of it."""
    store.delete(keys.slot(slot_id))
    delete_all(store, keys.upload(slot_id))


def remove_expired(store: ObjectStore, now: datetime) -> int:
    """Remove uploads whose time is over, and what crashes left of others; return how many."""
    removed = 0
    for slot_id, _ in groupby(store.list(keys.UPLOADS), lambda s: keys.slot_of_upload(s.key)):
        if slot_id is None:
            continue
        try:
            slot = find(store, keys.slot(slot_id), ResumableUpload)
        except DamagedRecord:
            continue
        if slot is None or slot.expires <= now - _APART:
            remove(store, slot_id)
            removed += 1
    return removed
