"""Compare the index with the records, both ways, beside live traffic; repair on request.

What is missing was lost, or the index never had it; what is stray was left behind by
a crash. Before anything is reported the record is read once more, and after anything
was written or removed too, because pictures are edited and removed at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta

from progimage import keys
from progimage.errors import DamagedRecord, NotFound
from progimage.library import read_record
from progimage.library.index import layout
from progimage.library.index.facets import Facet
from progimage.library.index.index import Index, Postings, postings_of
from progimage.library.index.layout import Posting
from progimage.maintenance.findings import Finding
from progimage.model import Record
from progimage.stores import ObjectStore, Stat

_REMEMBERED_NAMES = 100_000


class Audit:
    """Looks at records and markers one by one.

    `oldest_spared`: markers written since then may belong to an upload or an edit
    that is about to be committed; they are never stray.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        repair: bool,
        oldest_spared: datetime,
        executor: Executor | None = None,
    ) -> None:
        self._store = store
        self._index = Index(store, executor)
        self._map = executor.map if executor else map
        self._repair = repair
        self._oldest_spared = oldest_spared
        self._known: set[tuple[str, Facet]] = set()

    def check_record(self, record: Record) -> Iterator[Finding]:
        """Yield the markers that a live record lacks."""
        needed = sorted(postings_of(record))
        there = self._map(self._is_complete, needed)
        missing = [posting for posting, is_there in zip(needed, there, strict=True) if not is_there]
        if not missing:
            return
        current = self._needed(record.id) or frozenset()
        for posting in missing:
            if posting in current:
                if self._repair:
                    self._restore(posting)
                yield Finding("missing marker", layout.key_of(posting, 0), self._repair)

    def check_marker(self, stat: Stat) -> Iterator[Finding]:
        """Yield a marker that no record needs."""
        posting, name = layout.parse_posting(stat.key), layout.parse_name(stat.key)
        if posting is None and name is None:
            yield Finding("unknown key", stat.key)
        elif stat.modified > self._oldest_spared:
            return
        elif name is not None:
            if not self._index.is_used(*name):
                if self._repair:
                    self._index.forget_if_empty(name)
                    self._known.discard(name)
                yield Finding("stray marker", stat.key, self._repair)
        elif posting is not None and self._is_stray(stat.key, posting):
            if self._repair:
                self._store.delete(stat.key)
                self._index.confirm(
                    {posting} & (self._needed(layout.id_of(posting.position)) or set())
                )
                self._index.forget_if_empty((posting.scope, posting.facet))
            yield Finding("stray marker", stat.key, self._repair)

    def _is_complete(self, posting: Posting) -> bool:
        if not self._index.has(posting):
            return False
        name = (posting.scope, posting.facet)
        if name in self._known:
            return True
        if not self._index.is_known(*name):
            return False
        if len(self._known) >= _REMEMBERED_NAMES:
            self._known.clear()
        self._known.add(name)
        return True

    def _restore(self, posting: Posting) -> None:
        self._index.confirm([posting])
        self._index.make_known(posting.scope, posting.facet)
        current = self._needed(layout.id_of(posting.position))
        if current is not None and posting not in current:
            self._index.remove([posting])

    def _is_stray(self, key: str, posting: Posting) -> bool:
        current = self._needed(layout.id_of(posting.position))
        if current is None:
            return False
        is_where_readers_look = key in (layout.key_of(posting, n) for n in self._index.levels)
        return posting not in current or not is_where_readers_look

    def _needed(self, image_id: str) -> Postings | None:
        """Return where the picture has to be listed; None if only its record could tell."""
        try:
            record, _ = read_record(self._store, image_id)
        except NotFound:
            return frozenset()
        except DamagedRecord:
            return None
        return postings_of(record) if record.state == "live" else frozenset()


def reindex(
    store: ObjectStore,
    *,
    grace: timedelta = timedelta(hours=1),
    executor: Executor | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    on_progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Finding]:
    """Rebuild the index from the records; yield each marker added or removed.

    Runs beside the service, as often as one likes, and can be stopped at any point.
    Markers younger than `grace` are not removed.
    """
    audit = Audit(store, repair=True, oldest_spared=clock() - grace, executor=executor)
    for stat in store.list(keys.IMAGES):
        image_id = keys.id_of_record(stat.key)
        if image_id is None:
            continue
        on_progress(stat.key)
        try:
            record, _ = read_record(store, image_id)
        except (NotFound, DamagedRecord):
            continue
        if record.state == "live":
            yield from audit.check_record(record)
    for stat in store.list(layout.INDEX):
        on_progress(stat.key)
        yield from audit.check_marker(stat)
