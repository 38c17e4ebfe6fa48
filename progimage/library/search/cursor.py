"""Cursors: where in a list a page begins or ends, as opaque text.

A cursor has a place in an order and the count so far, but no condition and no secret: the place
is that of a picture that its reader may see. With a wrong cursor a list only begins at another
place.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from progimage.errors import InvalidRequest
from progimage.library.index import positions, sort_keys
from progimage.library.index.positions import Position
from progimage.library.search.order import NEWEST_FIRST, ORDERS, Order, Place

_VERSION = 2
# Flags, total, number of the order, position; then the key.
_LENGTH = 1 + 2 + 1 + positions.LENGTH


@dataclass(frozen=True, slots=True)
class Total:
    """How many pictures match: an exact count, or a lower bound."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """The page of the pictures from a place on, or of those before it.

    Attributes:
        position: of the picture at that place; it need not be there any more.
        order: of the list.
        key: of the picture, b"" in a list by time of upload.
    """

    position: Position
    is_backwards: bool
    total: Total
    order: Order = NEWEST_FIRST
    key: bytes = b""

    @property
    def place(self) -> Place:
        """The place in the order."""
        return Place(self.key, self.position)

    def encode(self) -> str:
        """Return the cursor as text for a URL."""
        flags = _VERSION << 4 | self.is_backwards << 1 | self.total.is_exact
        count = min(self.total.count, 0xFFFF).to_bytes(2)
        number = ORDERS.index(self.order).to_bytes(1)
        data = bytes([flags]) + count + number + self.position + self.key
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
    position, key = data[4:_LENGTH], data[_LENGTH:]
    if (
        len(data) < _LENGTH
        or data[0] >> 4 != _VERSION
        or data[0] & 0b1100
        or data[3] >= len(ORDERS)
        or not positions.is_position(position)
        or not sort_keys.may_be(ORDERS[data[3]].by, key)
    ):
        raise InvalidRequest(
            "cursor: expected what 'next' or 'previous' of an earlier answer holds; "
            "leave it out to begin with the first"
        )
    total = Total(int.from_bytes(data[1:3]), bool(data[0] & 1))
    return Cursor(position, bool(data[0] & 2), total, ORDERS[data[3]], key)
