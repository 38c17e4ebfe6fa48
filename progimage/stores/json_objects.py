"""Small objects of the store, each written once and never again."""

from __future__ import annotations

import io
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from progimage.errors import DamagedRecord, KeyMissing
from progimage.stores.object_store import ABSENT, ObjectStore


class JsonObject(BaseModel):
    """A small object that is written once; `noun` says of what it is part, for errors."""

    # Nodes of two versions can share a store: fields of the newer are passed over.
    model_config = ConfigDict(frozen=True, extra="ignore")

    noun: ClassVar[str]


Kept = TypeVar("Kept", bound=JsonObject)


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
            f"what the store holds of this {kind.noun} is damaged; create another"
        ) from None


def find(store: ObjectStore, key: str, kind: type[Kept]) -> Kept | None:
    """Return what is kept under `key`, None if there is nothing."""
    try:
        return read(store, key, kind)
    except KeyMissing:
        return None


def create(store: ObjectStore, key: str, value: JsonObject) -> None:
    """Keep `value`; raises `Conflict` if there is something already."""
    data = io.BytesIO(value.model_dump_json(indent=1).encode())
    store.put(key, data, media_type="application/json", expect=ABSENT)


def delete_all(store: ObjectStore, prefix: str) -> None:
    """Remove every object whose key starts with `prefix`."""
    for stat in store.list(prefix):
        store.delete(stat.key)
