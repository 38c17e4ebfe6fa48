"""What the store holds of an upload beside its bytes: small objects, each written once."""

from __future__ import annotations

import io
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from progimage import keys
from progimage.errors import DamagedRecord, KeyMissing
from progimage.model import Metadata
from progimage.stores import ABSENT, ObjectStore


class KeptFile(BaseModel):
    """A small object that is written once."""

    # Nodes of two versions can share a store: fields of the newer are passed over.
    model_config = ConfigDict(frozen=True, extra="ignore")


Kept = TypeVar("Kept", bound=KeptFile)


class Slot(KeptFile):
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


class Outcome(KeptFile):
    """What became of the bytes: the picture `image_id`, or an error by the name of its class."""

    size_bytes: int
    image_id: str = ""
    error: str = ""
    detail: str = ""


class Size(KeptFile):
    """How many bytes there will be, where that was not known at first."""

    size_bytes: int


def read(store: ObjectStore, key: str, kind: type[Kept]) -> Kept:
    """Return what is kept under `key`.

    Raises:
        KeyMissing: there is nothing.
        DamagedRecord: it cannot be read.
    """
    with store.open(key) as reader:
        data = reader.read()
    try:
        return kind.model_validate_json(data)
    except ValidationError:
        raise DamagedRecord(
            "what the store holds of this upload is damaged; create another"
        ) from None


def find(store: ObjectStore, key: str, kind: type[Kept]) -> Kept | None:
    """Return what is kept under `key`, None if there is nothing."""
    try:
        return read(store, key, kind)
    except KeyMissing:
        return None


def create(store: ObjectStore, key: str, value: KeptFile) -> None:
    """Keep `value`; raises `Conflict` if there is something already."""
    data = io.BytesIO(value.model_dump_json(indent=1).encode())
    store.put(key, data, media_type="application/json", expect=ABSENT)


def remove(store: ObjectStore, slot_id: str) -> None:
    """Remove an upload: first what makes it one, so that nobody sees half of it."""
    store.delete(keys.slot(slot_id))
    delete_all(store, keys.upload(slot_id))


def delete_all(store: ObjectStore, prefix: str) -> None:
    """Remove every object whose key starts with `prefix`."""
    for stat in store.list(prefix):
        store.delete(stat.key)


def remove_expired(store: ObjectStore, now: datetime) -> int:
    """Remove uploads whose time is over, and what crashes left of others; return how many."""
    removed = 0
    for slot_id, _ in groupby(store.list(keys.UPLOADS), lambda s: keys.slot_of_upload(s.key)):
        if slot_id is None:
            continue
        try:
            slot = find(store, keys.slot(slot_id), Slot)
        except DamagedRecord:
            continue
        if slot is None or slot.expires <= now:
            remove(store, slot_id)
            removed += 1
    return removed
