"""One object that belongs to no picture, from store to store."""

from __future__ import annotations

from typing import BinaryIO, cast

from progimage.errors import Conflict, KeyMissing
from progimage.ingest.resumable import keys as upload_keys
from progimage.maintenance.copy_store.result import CHUNK, CopyResult, Verifying
from progimage.stores import ABSENT, ObjectStore, Reader, Stat


def copy_object(source: ObjectStore, target: ObjectStore, stat: Stat) -> CopyResult | None:
    """Copy an object, unless the target has the same bytes; None if it was removed.

    Pieces of uploads are not compared, since they never change.
    """
    is_piece = upload_keys.offset_of_piece(stat.key) is not None
    try:
        etag = target.stat(stat.key).etag
    except KeyMissing:
        etag = ABSENT
    try:
        with source.open(stat.key) as reader:
            if etag != ABSENT and (is_piece or _is_same(reader, target, stat.key)):
                return CopyResult("unchanged", stat.key)
        with source.open(stat.key) as reader:
            passing = cast(BinaryIO, Verifying(reader))
            target.put(stat.key, passing, media_type="application/json", expect=etag)
    except KeyMissing:
        return None
    except Conflict:
        return CopyResult("newer", stat.key)
    return CopyResult("copied" if etag == ABSENT else "updated", stat.key, stat.size)


def _is_same(reader: Reader, target: ObjectStore, key: str) -> bool:
    try:
        with target.open(key) as other:
            if reader.stat.size != other.stat.size:
                return False
            while block := reader.read(CHUNK):
                if block != other.read(len(block)):
                    return False
    except KeyMissing:
        return False
    return True
