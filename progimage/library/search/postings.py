"""Lists of pictures, their unions and intersections, as sorted sequences one can seek in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Protocol

from progimage.library.index import layout
from progimage.library.index.facets import Facet
from progimage.library.search.work import Unfinished, Work
from progimage.stores import ObjectStore, Stat

# What a store has listed is at hand: a hundred keys are passed faster than a new
# listing is begun, and they are the first page of an S3 listing.
_STEPS = 100


class Positions(Protocol):
    """Positions in ascending order, newest picture first."""

    def seek(self, at: str) -> str | None:
        """Return the first position at or after `at`; None if there is none.

        `at` is never less than it was before.
        """
        ...


class Level:
    """One level of one list."""

    def __init__(self, store: ObjectStore, scope: str, facet: Facet, number: int) -> None:
        self._store = store
        self._number = number
        self._prefix = layout.level(scope, facet, number)
        self._listing: Iterator[Stat] | None = None
        self._head: str | None = ""

    def seek(self, at: str) -> str | None:
        if self._head is None or self._head >= at:
            return self._head
        if self._listing is not None:
            for _ in range(_STEPS):
                if self._advance(self._listing) >= at:
                    return self._head
        beginning = layout.cut(at, self._number)[:-1]
        self._listing = self._store.list(self._prefix, after=self._prefix + beginning)
        while self._advance(self._listing) < at:
            pass
        return self._head

    def _advance(self, listing: Iterator[Stat]) -> str:
        """Move on by one; what is returned at the end is beyond every position."""
        stat = next(listing, None)
        self._head = layout.position_in(stat.key, self._prefix) if stat else None
        return "~" if self._head is None else self._head


class Union:
    """What is in any of several lists, once."""

    def __init__(self, parts: Sequence[Positions]) -> None:
        self._heap = [("", number, part) for number, part in enumerate(parts)]
        heapify(self._heap)

    def seek(self, at: str) -> str | None:
        while self._heap and self._heap[0][0] < at:
            _, number, part = self._heap[0]
            try:
                head = part.seek(at)
            except Unfinished as unfinished:
                head, part = unfinished.position, _Stuck(unfinished.position)
            if head is None:
                heappop(self._heap)
            else:
                heapreplace(self._heap, (head, number, part))
        if not self._heap:
            return None
        head, _, part = self._heap[0]
        return part.seek(head) if isinstance(part, _Stuck) else head


class _Stuck:
    """Stands for a list that is unfinished, until the others have come as far."""

    def __init__(self, position: str) -> None:
        self._position = position

    def seek(self, at: str) -> str | None:
        # A posting at this very position may have been taken from another list.
        raise Unfinished(max(at, self._position))


class Intersection:
    """What is in all of several lists: a leapfrog join (Veldhuizen 2014, section 3.1)."""

    def __init__(self, parts: Sequence[Positions], scope: str, work: Work) -> None:
        self._parts = parts
        self._scope = scope
        self._work = work

    def seek(self, at: str) -> str | None:
        is_settled = False
        while not is_settled:
            is_settled = True
            for part in self._parts:
                head = part.seek(at)
                if head is None:
                    return None
                if head > at:
                    self._work.step(self._scope, head)
                    at, is_settled = head, False
        return at
