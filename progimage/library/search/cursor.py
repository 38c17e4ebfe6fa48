"""Cursors: where in a list a page begins or ends, as opaque text.

A cursor holds a position and the count so far, but no condition and no secret. A wrong cursor
can only begin at another place in a list that the viewer may see anyway.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from progimage.errors import InvalidRequest
from progimage.library.index import positions
from progimage.library.index.positions import Position

_VERSION = 1
_LENGTH = 1 + 2 + positions.LENGTH


@dataclass(frozen=True, slots=True)
class Total:
    """How many pictures match: an exact count, or a lower bound."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """The page of the pictures from `position` on, or of those before it."""

    position: Position
    is_backwards: bool
    total: Total

    def encode(self) -> str:
        """Return the cursor as text for a URL."""
        flags = _VERSION << 4 | self.is_backwards << 1 | self.total.is_exact
        data = bytes([flags]) + min(self.total.count, 0xFFFF).to_bytes(2) + self.position
        return base64.urlsafe_b64encode(data).decode()


def decode(text: str) -> Cursor:
    """Return the cursor of a text that `encode` returned.

    Raises:
        InvalidRequest: the text is not a cursor, or an older version wrote it.
    """
    try:
        data = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    position = data[3:]
    if (
        len(data) != _LENGTH
        or data[0] >> 4 != _VERSION
        or data[0] & 0b1100
        or not positions.is_position(position)
    ):
        raise InvalidRequest(
            "cursor: expected what 'next' or 'previous' of an earlier answer holds; "
            "leave it out to begin with the newest"
        )
    total = Total(int.from_bytes(data[1:3]), bool(data[0] & 1))
    return Cursor(position, bool(data[0] & 2), total)
