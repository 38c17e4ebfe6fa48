"""The matches in one part of a view."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import TypeAdapter
from pyroaring import BitMap

from progimage.library.index.positions import Position
from progimage.library.index.shelf import Shelf
from progimage.library.index.view import Part, View
from progimage.library.search.matcher import Matcher
from progimage.model import Record

_RECORDS = TypeAdapter(list[Record])


class Hit(NamedTuple):
    """A match: its position, and the record or where a shelf has it."""

    position: Position
    source: Record | tuple[Shelf, int]

    def load(self) -> Record:
        """Return the record."""
        return load([self])[0]


class Hits:
    """The matches of a part between two positions, `end` not included.

    Attributes:
        shelved: shelves, each with the ordinals of its matches.
        unshelved: matches that no shelf has yet, in no order.
    """

    def __init__(self, part: Part, matcher: Matcher, first: Position, end: Position) -> None:
        self.shelved: list[tuple[Shelf, BitMap]] = []
        for shelf, visible in part.visible(matcher.scopes):
            low, high = _between(shelf, part, first, end)
            within = visible if high - low == shelf.n else visible & BitMap(range(low, high))
            found = matcher.narrow(shelf, within)
            if found:
                self.shelved.append((shelf, found))
        self.unshelved = [
            Hit(at, found.record)
            for at, found in part.unshelved.items()
            if first <= at < end and found is not None and matcher.matches(found)
        ]

    def __len__(self) -> int:
        return len(self.unshelved) + sum(len(found) for _, found in self.shelved)

    def first(self, count: int) -> list[Hit]:
        """Return the newest ones, in order."""
        return self._chosen(slice(0, count))[:count] if count > 0 else []

    def last(self, count: int) -> list[Hit]:
        """Return the oldest ones, in order."""
        return self._chosen(slice(-count, None))[-count:] if count > 0 else []

    def _chosen(self, which: slice) -> list[Hit]:
        """Return some of each shelf, and all that no shelf has, in order."""
        hits = self.unshelved[:]
        for shelf, found in self.shelved:
            chosen, position = found[which], shelf.position
            shelf.prepare(chosen)
            hits += [Hit(position(ordinal), (shelf, ordinal)) for ordinal in chosen]
        if self.unshelved or len(self.shelved) > 1:
            hits.sort()
        return hits


def load(hits: Sequence[Hit]) -> list[Record]:
    """Return the records of matches. Those of shelves are parsed in one call, in less time."""
    stored = [place[0].json(place[1]) for _, place in hits if isinstance(place, tuple)]
    parsed = iter(_RECORDS.validate_json(b"[" + b",".join(stored) + b"]"))
    return [next(parsed) if isinstance(source, tuple) else source for _, source in hits]


def forwards(view: View, matcher: Matcher, at: Position) -> Iterator[tuple[Part, Hits]]:
    """Yield the matches from a position on, part by part, the newest part first."""
    at = max(at, matcher.first)
    if at < matcher.end and matcher.scopes:
        for part in view.parts[view.number_of(at) :]:
            if part.first >= matcher.end:
                return
            yield part, Hits(part, matcher, at, matcher.end)


def backwards(view: View, matcher: Matcher, before: Position) -> Iterator[tuple[Part, Hits]]:
    """Yield the matches before a position, part by part, the nearest part first."""
    before = min(before, matcher.end)
    if matcher.first < before and matcher.scopes:
        count = bisect_left(view.parts, before, key=lambda part: part.first)
        for part in reversed(view.parts[:count]):
            if part.end is not None and part.end <= matcher.first:
                return
            yield part, Hits(part, matcher, matcher.first, before)


def _between(shelf: Shelf, part: Part, first: Position, end: Position) -> tuple[int, int]:
    low = shelf.first_from(first) if first > part.first else 0
    high = shelf.n if part.end is not None and part.end <= end else shelf.first_from(end)
    return low, max(low, high)
