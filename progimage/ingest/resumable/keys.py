"""The store keys of resumable uploads.

uploads/<id>/slot.json         the record of an upload; immutable
uploads/<id>/size.json         its size, if it was not known at first; immutable
uploads/<id>/piece-<offset>    its bytes from this offset; immutable
uploads/<id>/outcome.json      its result; then the pieces can be removed
"""

from __future__ import annotations

import re

from progimage import keys

UPLOADS = "uploads/"
_PIECE_KEY = re.compile(r"uploads/[0-9a-f]{32}/piece-([0-9]{16})")


def upload(upload_id: str) -> str:
    """Return the prefix of all keys of one resumable upload."""
    return f"{UPLOADS}{upload_id}/"


def record(upload_id: str) -> str:
    """Return the key of an upload's record; the upload exists as long as this key does."""
    return f"{upload(upload_id)}slot.json"


def size(upload_id: str) -> str:
    """Return the key of an upload's size; it exists if the size was not known at first."""
    return f"{upload(upload_id)}size.json"


def pieces(upload_id: str) -> str:
    """Return the prefix of an upload's bytes."""
    return f"{upload(upload_id)}piece-"


def piece(upload_id: str, offset: int) -> str:
    """Return the key of an upload's bytes from `offset`; keys sort in the order of offsets."""
    return f"{pieces(upload_id)}{offset:016}"


def outcome(upload_id: str) -> str:
    """Return the key of an upload's result."""
    return f"{upload(upload_id)}outcome.json"


id_of = keys.reader(r"uploads/([0-9a-f]{32})/.+")
"""Return the upload's id if `key` is part of an upload."""


def offset_of_piece(key: str) -> int | None:
    """Return the offset if `key` is a piece's."""
    offset = keys.part_of(key, _PIECE_KEY)
    return None if offset is None else int(offset)
