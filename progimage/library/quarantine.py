"""Quarantine: objects that the service no longer uses but that a command can restore.

    quarantine/<token>/object          an object in quarantine
    quarantine/<token>/manifest.json   its former key, and the reason

    set aside   copy of the object · manifest · object removed
    put back    object, created where it was · manifest · copy removed

After a crash the object may exist twice, but it is never lost.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, ClassVar, cast

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, KeyMissing, NotFound
from progimage.stores import ABSENT, ObjectStore, Reader, json_objects

_TYPE = "application/octet-stream"
_QUARANTINE = "quarantine/"


class SetAside(json_objects.JsonObject):
    """The manifest of an object in quarantine: where it was, and why it was set aside."""

    noun: ClassVar[str] = "object in quarantine"

    key: str
    reason: str
    time: datetime
    size_bytes: int
    sha256: str


class Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        self.digest.update(data)
        return data


def set_aside(store: ObjectStore, key: str, reason: str) -> str:
    """Move the object under `key` into quarantine; return the token to restore it with.

    Raises:
        KeyMissing: there is none.
        Conflict: it was changed meanwhile; it stays, and its old version is in quarantine.
    """
    token = keys.new_token()
    with store.open(key) as reader:
        etag, size, source = reader.stat.etag, reader.stat.size, Hashing(reader)
        store.put(_object(token), cast(BinaryIO, source), media_type=_TYPE)
    manifest = SetAside(
        key=key,
        reason=reason,
        time=datetime.now(UTC),
        size_bytes=size,
        sha256=source.digest.hexdigest(),
    )
    json_objects.create(store, _manifest(token), manifest)
    store.delete(key, expect=etag)
    return token


def all_set_aside(store: ObjectStore) -> Iterator[tuple[str, SetAside]]:
    """Yield the token and the manifest of every object in quarantine."""
    for stat in store.list(_QUARANTINE):
        token = _token_of(stat.key)
        try:
            found = token and json_objects.find(store, stat.key, SetAside)
        except DamagedRecord:
            continue
        if token and found:
            yield token, found


def put_back(store: ObjectStore, token: str) -> SetAside:
    """Move an object back to where it was; return its manifest.

    Raises:
        NotFound: no object in quarantine has that token.
        Conflict: another object is in its place.
    """
    try:
        if not keys.is_token(token):
            raise KeyMissing
        manifest = json_objects.read(store, _manifest(token), SetAside)
        with store.open(_object(token)) as reader:
            source = cast(BinaryIO, Hashing(reader))
            store.put(manifest.key, source, media_type=_TYPE, expect=ABSENT)
    except KeyMissing:
        raise NotFound("there is nothing of that name in quarantine") from None
    except Conflict:
        raise Conflict("another object has its former key; it stays in quarantine") from None
    store.delete(_manifest(token))
    store.delete(_object(token))
    return manifest


def _object(token: str) -> str:
    """Return the key of an object in quarantine."""
    return f"{_QUARANTINE}{token}/object"


def _manifest(token: str) -> str:
    """Return the key of the manifest of an object in quarantine."""
    return f"{_QUARANTINE}{token}/manifest.json"


_token_of = keys.reader(r"quarantine/([0-9a-f]{32})/manifest\.json")
"""Return the token if `key` is the manifest of an object in quarantine."""
