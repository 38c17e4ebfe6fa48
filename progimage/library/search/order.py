"""The orders that pictures can be listed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from progimage.library.index.positions import Position
from progimage.library.index.sort_keys import SortKey

By = Literal["created"] | SortKey


class Place(NamedTuple):
    """Where a picture is in an order: by its key, among equal keys by its position."""

    key: bytes
    position: Position


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by, and in which direction."""

    by: By
    is_descending: bool = False

    @property
    def is_reversed(self) -> bool:
        """True if it runs from the last `Place` to the first.

        By time of upload a place is no more than its position, and later pictures come first.
        """
        return self.is_descending != (self.by == "created")

    @property
    def opposite(self) -> Order:
        """The same from the other end."""
        return Order(self.by, not self.is_descending)

    def __str__(self) -> str:
        return f"-{self.by}" if self.is_descending else self.by


NEWEST_FIRST = Order("created", is_descending=True)

_BY: tuple[By, ...] = ("created", "title", "size", "taken")
ORDERS = tuple(Order(by, is_descending) for by in _BY for is_descending in (False, True))
"""All orders. Cursors contain their numbers, so new ones are added at the end."""
