"""Listings and search over the index that lives in the key space.

Results are newest first. A page costs a few listings of the store and one read for
each picture on it, whatever the size of the library.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from progimage.library.index.index import Index
from progimage.library.search.cursor import Cursor, Total
from progimage.library.search.query import Query
from progimage.library.search.search import Match, Search
from progimage.library.search.tags import Tag, tags
from progimage.library.search.walk import Back, Walk
from progimage.library.search.work import Work, unlimited
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore

MAX_TOTAL = 1_000
"""Matches are counted up to here; of more, only that there are."""

MAX_COUNTING_STEPS = 2_000
"""Counting stops too after it has looked at so many postings."""

_FIRST_WAVE, _WAVE = 5, 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches of a query, newest first.

    Attributes:
        next, previous: cursors of the pages beside it, None at the ends.
        total: as it was counted when the first page was read.
        is_partial: the search stopped before the page was full, having taken all the
            work it may; `next` (or `previous`, of a page read backwards) goes on.
    """

    records: list[Record]
    total: Total
    next: Cursor | None = None
    previous: Cursor | None = None
    is_partial: bool = False


class Catalogue:
    """Finds pictures in one object store.

    Args:
        executor: reads several objects at a time; worth it where each takes long.
    """

    def __init__(
        self, store: ObjectStore, index: Index | None = None, executor: Executor | None = None
    ) -> None:
        self._store = store
        self._levels = (index or Index(store)).levels
        self._executor = executor

    def first(
        self,
        viewer: Viewer,
        query: Query,
        limit: int,
        *,
        offset: int = 0,
        work: Work | None = None,
    ) -> Page:
        """Return the newest matches, or those that follow the newest `offset`; count all.

        The matches that are passed or counted only are those the index knows of: a few
        more than there are, if a crash has left stray markers.
        """
        work = work or Work()
        search = self._search(viewer, query, work)
        walk = Walk(search, search.first)
        count = walk.skip(offset)
        found = walk.take(limit)
        count += len(found)
        resume, is_partial = walk.resume, walk.was_cut_short
        work.restrict(MAX_COUNTING_STEPS)
        if search.is_exact:
            count += walk.skip(max(MAX_TOTAL - count, 0))
        total = Total(count, is_exact=walk.resume is None)
        return Page(
            records=_records(found),
            total=total,
            next=Cursor(resume, False, total) if resume else None,
            previous=Cursor(found[0][0], True, total) if offset and found else None,
            is_partial=is_partial,
        )

    def beside(
        self, viewer: Viewer, query: Query, limit: int, cursor: Cursor, work: Work | None = None
    ) -> Page:
        """Return the page that the cursor of another leads to."""
        search = self._search(viewer, query, work or Work())
        total, position = cursor.total, cursor.position
        if cursor.is_backwards:
            back = Back(search, position, limit)
            return Page(
                records=_records(back.found),
                total=total,
                next=Cursor(position, False, total),
                previous=Cursor(back.resume, True, total) if back.resume else None,
                is_partial=back.was_cut_short,
            )
        walk = Walk(search, position)
        found = walk.take(limit)
        return Page(
            records=_records(found),
            total=total,
            next=Cursor(walk.resume, False, total) if walk.resume else None,
            previous=Cursor(position, True, total),
            is_partial=walk.was_cut_short,
        )

    def every(self, viewer: Viewer, query: Query) -> Iterator[list[Record]]:
        """Yield all matches, a few at a time, in memory that does not grow."""
        search = self._search(viewer, query, unlimited())
        walk, wave = Walk(search, search.first), _FIRST_WAVE
        while found := walk.take(wave):
            yield _records(found)
            wave = _WAVE

    def tags(
        self, viewer: Viewer, limit: int, *, beginning: str = "", after: str = ""
    ) -> tuple[list[Tag], str | None]:
        """Return tags in the order of their folded text, and where to go on, if there are more.

        Args:
            beginning: of the tags, as `text.fold` gives it.
            after: what an earlier call returned to go on with.
        """
        return tags(
            self._store,
            self._levels,
            self._executor,
            viewer,
            beginning=beginning,
            after=after,
            limit=limit,
        )

    def _search(self, viewer: Viewer, query: Query, work: Work) -> Search:
        return Search(self._store, self._levels, self._executor, viewer, query, work)


def _records(found: list[Match]) -> list[Record]:
    return [record for _, record in found]
