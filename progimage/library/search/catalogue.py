"""Listings and search: pages of what a viewer may see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.library.index import positions
from progimage.library.index.index import Index
from progimage.library.index.positions import Position
from progimage.library.index.view import View
from progimage.library.search import sorted_pages
from progimage.library.search.cursor import Cursor, Total
from progimage.library.search.hits import Hit, backwards, forwards, load
from progimage.library.search.matcher import Matcher
from progimage.library.search.order import NEWEST_FIRST, Order, Place
from progimage.library.search.page import MAX_TOTAL, Page
from progimage.library.search.query import Query
from progimage.library.search.tags import Tag, tags
from progimage.model import Record, Viewer

MAX_SECONDS = 5.0
"""A search stops after this time and returns a partial page."""

T = TypeVar("T")

_FIRST_WAVE, _WAVE = 5, 500
_ATTEMPTS = 5


class Catalogue:
    """Finds pictures by an index.

    Args:
        clock: seconds, to end searches that take too long.
    """

    def __init__(self, index: Index, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._clock = clock

    def first(
        self,
        viewer: Viewer,
        query: Query,
        limit: int,
        *,
        offset: int = 0,
        order: Order = NEWEST_FIRST,
    ) -> Page:
        """Return the first matches, or those that follow the first `offset`; count all.

        Raises:
            StoreUnavailable: in another order than the newest first, the index could not be
                read in time.
        """
        matcher = Matcher(viewer, query)
        if order == NEWEST_FIRST:
            return self._see(lambda view: self._first(view, matcher, limit, offset))
        return self._see(
            lambda view: sorted_pages.first(view, matcher, order, limit, offset, self._lateness())
        )

    def beside(self, viewer: Viewer, query: Query, limit: int, cursor: Cursor) -> Page:
        """Return the page that the cursor of another leads to; see `first`."""
        matcher = Matcher(viewer, query)
        if cursor.order == NEWEST_FIRST:
            turn = self._before if cursor.is_backwards else self._after
            return self._see(lambda view: turn(view, matcher, limit, cursor))
        return self._see(
            lambda view: sorted_pages.beside(view, matcher, limit, cursor, self._lateness())
        )

    def every(
        self, viewer: Viewer, query: Query, order: Order = NEWEST_FIRST
    ) -> Iterator[list[Record]]:
        """Yield all matches in batches; each batch is up to date when it is yielded."""
        matcher = Matcher(viewer, query)
        if order != NEWEST_FIRST:
            yield from self._every_sorted(matcher, order)
            return
        limit = _FIRST_WAVE
        following: Position | None = positions.START
        while following is not None:
            turn = partial(self._batch, matcher=matcher, at=following, limit=limit)
            found, following = self._see(turn)
            if found:
                yield found
            limit = _WAVE

    def _every_sorted(self, matcher: Matcher, order: Order) -> Iterator[list[Record]]:
        start: Place | None = None
        limit = _FIRST_WAVE
        while True:
            turn = partial(
                sorted_pages.batch,
                matcher=matcher,
                order=order,
                start=start,
                limit=limit,
                is_late=self._lateness(),
            )
            found, start = self._see(turn)
            if found:
                yield found
            if start is None:
                return
            limit = _WAVE

    def tags(
        self, viewer: Viewer, limit: int, *, beginning: str = "", after: str = ""
    ) -> tuple[list[Tag], str | None]:
        """Return tags in the order of their folded text, and the last slug if there are more.

        Args:
            beginning: of the tags, as `model.fold` gives it.
            after: the slug that an earlier call returned.
        """
        return self._see(
            lambda view: tags(
                view,
                viewer,
                beginning=beginning,
                after=after,
                limit=limit,
                is_late=self._lateness(),
            )
        )

    def _see(self, look: Callable[[View], T]) -> T:
        """Return the result of `look` on a view; repeat it if a shelf was replaced and removed."""
        for _ in range(_ATTEMPTS):
            view = self._index.view()
            try:
                return look(view)
            except KeyMissing:
                continue
        raise StoreUnavailable(
            "a part of the index is missing; its operator runs 'progimage check'"
        )

    def _lateness(self) -> Callable[[], bool]:
        """Return a function that is true once the time limit of a search is over."""
        deadline = self._clock() + MAX_SECONDS
        return lambda: self._clock() > deadline

    def _first(self, view: View, matcher: Matcher, limit: int, offset: int) -> Page:
        is_late = self._lateness()
        found: list[Hit] = []
        count, left, stopped_at = 0, offset, None
        for part, hits in forwards(view, matcher, positions.START):
            count += len(hits)
            found += hits.first(left + limit + 1 - len(found))[left:]
            left -= min(left, len(hits))
            if len(found) > limit and count > MAX_TOTAL:
                break
            if part.end is not None and is_late():
                stopped_at = part.end
                break
        shown = found[:limit]
        is_counted = stopped_at is None and count <= max(MAX_TOTAL, offset + limit)
        total = Total(count if is_counted else max(MAX_TOTAL, offset + len(shown)), is_counted)
        if stopped_at is not None:
            total = Total(min(count, total.count), is_exact=False)
        following = found[limit].position if len(found) > limit else stopped_at
        return Page(
            load(shown),
            total,
            next=Cursor(following, False, total) if following is not None else None,
            previous=Cursor(shown[0].position, True, total) if offset and shown else None,
            is_partial=stopped_at is not None and len(found) <= limit,
        )

    def _after(self, view: View, matcher: Matcher, limit: int, cursor: Cursor) -> Page:
        found, following, is_partial = self._forwards(view, matcher, cursor.position, limit)
        return Page(
            load(found),
            cursor.total,
            next=Cursor(following, False, cursor.total) if following is not None else None,
            previous=Cursor(cursor.position, True, cursor.total),
            is_partial=is_partial,
        )

    def _before(self, view: View, matcher: Matcher, limit: int, cursor: Cursor) -> Page:
        is_late = self._lateness()
        found: list[Hit] = []
        reached: Position | None = None
        for part, hits in backwards(view, matcher, cursor.position):
            found[:0] = hits.last(limit + 1 - len(found))
            if len(found) > limit:
                break
            if part.first > matcher.first and is_late():
                reached = part.first
                break
        preceding = found[-limit].position if len(found) > limit else reached
        return Page(
            load(found[-limit:]),
            cursor.total,
            next=Cursor(cursor.position, False, cursor.total),
            previous=Cursor(preceding, True, cursor.total) if preceding is not None else None,
            is_partial=reached is not None,
        )

    def _batch(
        self, view: View, matcher: Matcher, at: Position, limit: int
    ) -> tuple[list[Record], Position | None]:
        """Return matches from a position on, and the next position."""
        found, following, _ = self._forwards(view, matcher, at, limit)
        return load(found), following

    def _forwards(
        self, view: View, matcher: Matcher, at: Position, limit: int
    ) -> tuple[list[Hit], Position | None, bool]:
        """Return matches from a position on, the next position, and if the time was up."""
        is_late = self._lateness()
        found: list[Hit] = []
        for part, hits in forwards(view, matcher, at):
            found += hits.first(limit + 1 - len(found))
            if len(found) > limit:
                return found[:limit], found[limit].position, False
            if part.end is not None and is_late():
                return found, part.end, True
        return found, None, False
