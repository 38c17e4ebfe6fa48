"""The matches of a view in an order other than the newest first.

Each shelf has its records in the order of each key. So the first matches of every shelf are
read and merged, and no more records than a page has, and one of each shelf.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from pyroaring import BitMap

from progimage.errors import StoreUnavailable
from progimage.library.index import sort_keys
from progimage.library.index.positions import Position
from progimage.library.index.shelf import Shelf
from progimage.library.index.view import View
from progimage.library.search.hits import Hit, Hits
from progimage.library.search.matcher import Matcher
from progimage.library.search.order import By, Order, Place

# A walk through a shelf passes by n / m records for each of m matches; to sort the matches
# takes as long as passing by about three records each. A page is some 50 matches.
_WALK_AT = 16


class SortedHit(NamedTuple):
    """A match and where it is in the order."""

    place: Place
    hit: Hit


class SortedHits:
    """The matches of a view from some place on.

    Args:
        order: the order of the matches.
        start: where to begin, None for the first match.
        includes_start: whether a picture at `start` itself counts.
        at_least: this many matches are enough, if the parts follow one another in the order.
        is_late: returns True when there is no time for another part.

    Attributes:
        count: how many matches there are, at least `at_least` if there are that many.

    Raises:
        StoreUnavailable: there was no time to look at every part that is needed.
    """

    def __init__(
        self,
        view: View,
        matcher: Matcher,
        order: Order,
        start: Place | None,
        *,
        includes_start: bool = True,
        at_least: int,
        is_late: Callable[[], bool],
    ) -> None:
        self._order = order
        self._start = start
        self._includes_start = includes_start
        self._found: list[Hits] = []
        self.count = 0
        first, end = self._window(matcher)
        for part in reversed(view.parts) if order.is_reversed else view.parts:
            if not matcher.scopes or part.first >= end or (part.end and part.end <= first):
                continue
            if self._found and is_late():
                raise StoreUnavailable(
                    "the index is being read for the first time, and a sorted list needs all of "
                    "it; try again in a moment"
                )
            hits = Hits(part, matcher, first, end)
            self._found.append(hits)
            self.count += len(hits)
            if order.by == "created" and self.count >= at_least:
                break

    def __iter__(self) -> Iterator[SortedHit]:
        if self._order.by == "created":
            # Parts follow one another, but a part's shelves have records between each other's.
            merged = (self._merged([*self._sources(hits)]) for hits in self._found)
            return chain.from_iterable(merged)
        return self._merged([source for hits in self._found for source in self._sources(hits)])

    def _merged(self, sources: Sequence[Iterator[SortedHit]]) -> Iterator[SortedHit]:
        return heapq.merge(*sources, key=lambda found: found.place, reverse=self._order.is_reversed)

    def _window(self, matcher: Matcher) -> tuple[Position, Position]:
        """Return the positions between which matches can be."""
        first, end = matcher.first, matcher.end
        if self._order.by != "created" or self._start is None:
            return first, end
        at = self._start.position
        after = at + b"\0"  # the next position there could be
        if self._order.is_reversed:
            return first, min(end, after if self._includes_start else at)
        return max(first, at if self._includes_start else after), end

    def _sources(self, hits: Hits) -> Iterator[Iterator[SortedHit]]:
        by = self._order.by
        unshelved = [SortedHit(Place(_key(hit, by), hit.position), hit) for hit in hits.unshelved]
        unshelved = [found for found in unshelved if self._is_wanted(found.place)]
        yield iter(sorted(unshelved, reverse=self._order.is_reversed, key=lambda f: f.place))
        for shelf, found in hits.shelved:
            yield self._shelved(shelf, found)

    def _shelved(self, shelf: Shelf, found: BitMap) -> Iterator[SortedHit]:
        by, is_reversed = self._order.by, self._order.is_reversed
        if by == "created":
            ordinals: Iterator[int] = reversed(found) if is_reversed else iter(found)
            for ordinal in ordinals:
                at = shelf.position(ordinal)
                yield SortedHit(Place(b"", at), Hit(at, (shelf, ordinal)))
            return
        order = shelf.in_order(by)

        def place(number: int) -> Place:
            return Place(shelf.sort_key(order[number], by), shelf.position(order[number]))

        low, high = 0, shelf.n
        if self._start is not None:
            # The start belongs to what follows it in the order, if it counts, else to the rest.
            is_before = self._includes_start == is_reversed
            at_start = (bisect_right if is_before else bisect_left)(
                range(shelf.n), self._start, key=place
            )
            low, high = (0, at_start) if is_reversed else (at_start, shelf.n)
        if len(found) ** 2 < _WALK_AT * shelf.n:
            places = shelf.places(by)
            span = range(low, high)
            within = sorted(filter(span.__contains__, map(places.__getitem__, found)))
            ordinals = map(order.__getitem__, reversed(within) if is_reversed else within)
        else:
            walk = order[low:high]
            ordinals = filter(found.__contains__, reversed(walk) if is_reversed else walk)
        for ordinal in ordinals:
            at = shelf.position(ordinal)
            hit = Hit(at, (shelf, ordinal))
            yield SortedHit(Place(shelf.sort_key(ordinal, by), at), hit)

    def _is_wanted(self, place: Place) -> bool:
        if self._start is None or place == self._start:
            return self._start is None or self._includes_start
        return (place < self._start) == self._order.is_reversed


def _key(hit: Hit, by: By) -> bytes:
    return b"" if by == "created" else sort_keys.of_record(hit.load()).by(by)
