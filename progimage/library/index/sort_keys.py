"""What pictures are sorted by, apart from the time of upload, and what they look like.

Keys are bytes that compare as their values do. A picture without a title is sorted by its file
name, one without a date by the time of its upload.
"""

from __future__ import annotations

import json
from typing import Literal, NamedTuple

from progimage.fields import fold
from progimage.model import Record

SortKey = Literal["title", "size", "taken"]

_TITLE_BYTES = 120
# A time of ISO 8601 up to its seconds. What follows, an offset from UTC, is left out: people
# remember the local time.
_TIME_CHARACTERS = 19


class SortKeys(NamedTuple):
    """The keys of a picture, and its perceptual hash as a number, 0 for none."""

    title: bytes
    size: bytes
    taken: bytes
    look: int

    def by(self, name: SortKey) -> bytes:
        """Return one of them."""
        return getattr(self, name)  # type: ignore[no-any-return]


def of_record(record: Record) -> SortKeys:
    """Return the keys of a record."""
    created = record.created.isoformat()
    return _keys(
        record.title,
        record.file_name,
        record.size_bytes,
        record.capture.taken,
        created,
        record.perceptual_hash,
    )


def of_json(data: bytes) -> SortKeys:
    """Return the keys of a record that is still JSON, in a third of the time."""
    facts = json.loads(data)
    return _keys(
        facts["title"],
        facts["file_name"],
        facts["size_bytes"],
        facts["capture"]["taken"],
        facts["created"],
        facts["perceptual_hash"],
    )


def _keys(
    title: str, file_name: str, size: int, taken: str | None, created: str, look: str
) -> SortKeys:
    name = title or file_name
    folded = name.casefold() if name.isascii() else fold(name)
    return SortKeys(
        folded.encode()[:_TITLE_BYTES],
        size.to_bytes(8),
        (taken or created)[:_TIME_CHARACTERS].encode(),
        int(look or "0", 16),
    )


def may_be(name: str, key: bytes) -> bool:
    """True if a picture could have this key; by time of upload all have an empty one."""
    lengths = {"created": (0, 0), "size": (8, 8), "taken": (0, _TIME_CHARACTERS)}
    least, most = lengths.get(name, (0, _TITLE_BYTES))
    return least <= len(key) <= most
