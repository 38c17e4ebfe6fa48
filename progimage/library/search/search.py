"""One search under way: lists are read, and the records of the pictures in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

from progimage.errors import DamagedRecord, NotFound
from progimage.library.index import layout
from progimage.library.library import can_see, read_record
from progimage.library.search.plan import plan
from progimage.library.search.query import Query
from progimage.library.search.work import Work
from progimage.model import Record, Viewer
from progimage.stores import ObjectStore

Match = tuple[str, Record]
"""A position, and the record of the picture there."""


class Search:
    """What matches a query among what a viewer may see.

    Every picture the lists name is looked up, and counts only if its record agrees.

    Attributes:
        first, end: where matches can be; `end` is not included.
        is_exact: False if the lists alone do not tell what matches.
    """

    def __init__(
        self,
        store: ObjectStore,
        levels: Sequence[int],
        executor: Executor | None,
        viewer: Viewer,
        query: Query,
        work: Work,
    ) -> None:
        self._store = store
        self._levels = levels
        self._executor = executor
        self._viewer = viewer
        self._query = query
        self._work = work
        self._plan = plan(store, viewer, query)
        self.is_exact = self._plan.is_exact
        self.first, self.end = layout.START, layout.END
        if query.created_before is not None:
            self.first = layout.first_at(
                layout.count_of(layout.backwards(query.created_before)) + 1
            )
        if query.created_after is not None:
            self.end = layout.first_at(layout.count_of(layout.backwards(query.created_after)))

    def candidates(self, at: str, end: str | None = None) -> Iterator[str]:
        """Yield the positions in the lists from `at` on, up to `end`.

        Raises:
            Unfinished: the search has taken all the work it may.
        """
        at, end = max(at, self.first), min(end or self.end, self.end)
        lists = self._plan.open(self._store, self._levels, self._work, at, self._executor)
        while (head := lists.seek(at)) is not None and head < end:
            yield head
            at = layout.successor(head)

    def matches(self, positions: Sequence[str]) -> list[Match]:
        """Return those of the positions whose records agree, in the same order."""
        records = (self._executor.map if self._executor else map)(self._read, positions)
        return [(at, record) for at, record in zip(positions, records, strict=True) if record]

    def _read(self, position: str) -> Record | None:
        try:
            record, _ = read_record(self._store, layout.id_of(position))
        except (NotFound, DamagedRecord):
            return None
        is_match = (
            can_see(self._viewer, record)
            and layout.position(record.created, record.id) == position
            and self._query.matches(record)
        )
        return record if is_match else None
