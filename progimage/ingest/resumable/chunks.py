"""The bytes of an upload as a chain of objects: each is created where the one before it ends."""

from __future__ import annotations

import io
from collections.abc import Generator

from progimage.errors import ProgImageError, RequestTooLarge
from progimage.ingest.resumable import keys as upload_keys
from progimage.ingest.source import Source
from progimage.stores import ObjectStore, Stat

# The most bytes of an upload that a node holds in memory, and that are lost if it fails.
PIECE_BYTES = 4 * 2**20

# Broken connections, and clients that send little at a time, leave smaller pieces. Without a
# limit any client could fill the store with objects of one byte.
MAX_SHORT_PIECES = 1000

_BLOCK = 64 * 1024


def chain(store: ObjectStore, upload_id: str) -> tuple[Stat, ...]:
    """Return the pieces of an upload, in order, up to the first gap."""
    pieces: list[Stat] = []
    end = 0
    for stat in store.list(upload_keys.pieces(upload_id)):
        if upload_keys.offset_of_piece(stat.key) != end:
            break
        pieces.append(stat)
        end += stat.size
    return tuple(pieces)


def receive(
    source: Source, *, most: int, room: int
) -> tuple[io.BytesIO, int, ProgImageError | None]:
    """Read the next piece; return it, its size, and the error that `source` raised, if any.

    Args:
        most: the most bytes of the piece.
        room: the bytes that the upload may still get.

    Raises:
        RequestTooLarge: `source` has more than there is room for.
    """
    data, size = io.BytesIO(), 0
    try:
        while size < min(most, room):
            block = source.read(min(_BLOCK, most - size, room - size))
            if not block:
                break
            size += data.write(block)
        has_more = size == room and source.read(1)
    except ProgImageError as error:
        data.seek(0)
        return data, size, error
    if has_more:
        raise RequestTooLarge("the request has more bytes than the upload may have")
    data.seek(0)
    return data, size, None


def blocks(store: ObjectStore, pieces: tuple[Stat, ...]) -> Generator[bytes, None, None]:
    """Yield the bytes of pieces; raises `KeyMissing` if one was removed."""
    for piece in pieces:
        with store.open(piece.key) as reader:
            while block := reader.read(_BLOCK):
                yield block
