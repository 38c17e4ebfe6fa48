"""JSON objects in a store: written once, or replaced by compare-and-swap."""

from __future__ import annotations

import io
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from progimage.errors import DamagedRecord, KeyMissing
from progimage.stores.object_store import ABSENT, ObjectStore

Model = TypeVar("Model", bound=BaseModel)


class JsonObject(BaseModel):
    """An object that is written once; `noun` says in errors what it belongs to."""

    # Nodes of two versions can share a store: fields of a newer version are ignored.
    model_config = ConfigDict(frozen=True, extra="ignore")

    noun: ClassVar[str]


Written = TypeVar("Written", bound=JsonObject)


def load(store: ObjectStore, key: str, kind: type[Model], complaint: str) -> tuple[Model, str]:
    """Return the object under `key`, and its etag to replace it by.

    Raises:
        KeyMissing: there is none.
        DamagedRecord: it cannot be read; `complaint` is the message.
    """
    with store.open(key) as reader:
        data, etag = reader.read(), reader.stat.etag
    try:
        return kind.model_validate_json(data), etag
    except ValidationError:
        raise DamagedRecord(complaint) from None


def save(store: ObjectStore, key: str, value: BaseModel, expect: str) -> str:
    """Write an object in place of the version `expect`, or of `ABSENT`; return its etag.

    Raises:
        Conflict: another version is there.
    """
    data = io.BytesIO(value.model_dump_json(indent=1).encode())
    return store.put(key, data, media_type="application/json", expect=expect).etag


def read(store: ObjectStore, key: str, kind: type[Written]) -> Written:
    """Return the object under `key`.

    Raises:
        KeyMissing: there is none.
        DamagedRecord: it cannot be read.
    """
    complaint = f"a stored part of this {kind.noun} is damaged; create another"
    return load(store, key, kind, complaint)[0]


def find(store: ObjectStore, key: str, kind: type[Written]) -> Written | None:
    """Return the object under `key`, None if there is none."""
    try:
        return read(store, key, kind)
    except KeyMissing:
        return None


def create(store: ObjectStore, key: str, value: JsonObject) -> None:
    """Write an object; raises `Conflict` if there is one already."""
    save(store, key, value, ABSENT)


def put_empty(store: ObjectStore, key: str) -> None:
    """Write an object without content, which only has to be there."""
    store.put(key, io.BytesIO(), media_type="application/x-empty")


def delete_all(store: ObjectStore, prefix: str) -> None:
    """Remove every object whose key starts with `prefix`."""
    for stat in store.list(prefix):
        store.delete(stat.key)
