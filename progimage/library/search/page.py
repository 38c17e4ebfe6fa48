"""A page of matches."""

from __future__ import annotations

from dataclasses import dataclass

from progimage.library.search.cursor import Cursor, Total
from progimage.model import Record

MAX_TOTAL = 1_000
"""The highest exact count of matches; beyond it the answer is "at least"."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches of a query, in the requested order.

    Attributes:
        next, previous: cursors of the pages beside it, None at the ends.
        total: as it was counted when the first page was read.
        is_partial: the search stopped before the page was full, because it took too long;
            `next` (or `previous`, if read backwards) continues it.
    """

    records: list[Record]
    total: Total
    next: Cursor | None = None
    previous: Cursor | None = None
    is_partial: bool = False
