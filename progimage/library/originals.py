"""The bytes of pictures as uploaded, compared with their records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from progimage import keys
from progimage.errors import DamagedOriginal, KeyMissing
from progimage.model import Record, Viewer
from progimage.stores import HasLocalPath, ObjectStore, Reader

_CHUNK_BYTES = 1 << 20


def open_original(
    store: ObjectStore, record: Record, start: int = 0, length: int | None = None
) -> Reader:
    """Open the bytes of a picture, or `length` of them from `start`.

    Raises:
        KeyMissing: they are not there.
        DamagedOriginal: they are more or fewer than the record says.
    """
    reader = store.open(keys.original(record.id, record.generation), start, length)
    if reader.stat.size != record.size_bytes:
        reader.close()
        raise damaged(record)
    return reader


def read_verified(
    record: Record, reader: Reader, write: Callable[[bytes], object] = lambda _: None
) -> None:
    """Read an original to its end, handing each block to `write`.

    Raises:
        DamagedOriginal: the bytes have another SHA-256 than the record says.
    """
    digest = hashlib.sha256()
    while chunk := reader.read(_CHUNK_BYTES):
        digest.update(chunk)
        write(chunk)
    if digest.hexdigest() != record.sha256:
        raise damaged(record)


def is_intact(store: ObjectStore, record: Record) -> bool:
    """Return whether the bytes of a picture are those of its record.

    Their size is compared, and their SHA-256 where that takes no request to a server.
    """
    try:
        if not isinstance(store, HasLocalPath):
            key = keys.original(record.id, record.generation)
            return store.stat(key).size == record.size_bytes
        with open_original(store, record) as reader:
            read_verified(record, reader)
    except (KeyMissing, DamagedOriginal):
        return False
    return True


def is_of(store: ObjectStore, key: str, image_id: str, viewer: Viewer) -> bool:
    """Return whether the bytes under `key` are the picture `image_id` of `viewer`.

    The id of a picture is a hash of its owner and its bytes, so one owner cannot pass for
    another.
    """
    owners = [viewer.name] if viewer.name else []
    owners += [""] if viewer.may_act_for_default_owner else []
    digests = [keys.id_hash(owner) for owner in owners]
    try:
        with store.open(key) as reader:
            while chunk := reader.read(_CHUNK_BYTES):
                for digest in digests:
                    digest.update(chunk)
    except KeyMissing:
        return False
    return image_id in [digest.hexdigest() for digest in digests]


def damaged(record: Record) -> DamagedOriginal:
    """Return the error for a picture whose bytes are not those of its record."""
    return DamagedOriginal(
        f"the stored bytes of picture {record.id} are missing or damaged; upload the "
        "file again to restore them"
    )
