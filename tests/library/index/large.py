"""A shelf that is large enough to be fetched block by block."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache

from progimage.library.index import keys, positions
from progimage.library.index.manifest import ABSENT, Manifest, Row, ShelfInfo, swap
from progimage.library.index.publish import put_shelf
from progimage.library.index.shelf_writer import of_records
from progimage.stores import ObjectStore
from tests.candidates import stored_record

PICTURES = 1_500
START = datetime(2024, 1, 1, tzinfo=UTC)


@cache
def large() -> bytes:
    """Return a shelf of more than a megabyte: all pictures have a tag, every hundredth another."""
    random_ = random.Random(1)
    records = []
    for number in range(PICTURES):
        records.append(
            stored_record(
                number,
                created=START + timedelta(seconds=number),
                perceptual_hash=random_.randbytes(8).hex(),
                placeholder=random_.randbytes(700).hex(),
                tags=("every", "rare") if number % 100 == 0 else ("every",),
                title=f"n{number}",
                visibility="public",
            )
        )
    return of_records(sorted((positions.position(r.created, r.id), r) for r in records)).encode()


def info_of(data: bytes) -> ShelfInfo:
    """Return the entry that a manifest has for a shelf."""
    return ShelfInfo(keys.new_shelf(), PICTURES, len(data), zlib.crc32(data))


def with_large_shelf(store: ObjectStore) -> ShelfInfo:
    """Give a store an index of this shelf alone."""
    info = put_shelf(store, large(), PICTURES)
    swap(store, Manifest(1, (Row(b"", info),)), ABSENT)
    return info
