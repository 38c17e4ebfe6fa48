"""Copy everything of one store into another, of the same or another kind, while both serve.

A picture is written as an upload is: its original, its announcement, then its record. So a
copy that is interrupted leaves no record without bytes, and can be run again. The target's
index is built on the way. Renditions are not copied, because they are made again on demand;
probes, leases and half-written files belong only to the source.

Changes at the source meanwhile are copied by the next pass, which looks at young objects only.
Newer versions at the target stay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from progimage import keys
from progimage.access.accounts.users import Users
from progimage.errors import DamagedRecord, NotFound
from progimage.jobs import keys as job_keys
from progimage.library.index import keys as index_keys
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import tidy
from progimage.maintenance.copy_store.objects import copy_object
from progimage.maintenance.copy_store.pictures import PictureCopier
from progimage.maintenance.copy_store.result import CopyResult
from progimage.stores import ObjectStore, Stat

__all__ = ["Copier", "CopyResult"]

Item = TypeVar("Item")

# Clocks of nodes and stores differ: a pass includes objects this much older than its start.
_CLOCK_MARGIN = timedelta(hours=1)

# Announcements that wait cost every search of the target.
_FOLD_EVERY = 500

# Copied with their pictures, or made again.
_LEFT_OUT = (
    keys.IMAGES,
    keys.COPIES,
    keys.RENDERS,
    keys.PROBES,
    keys.STORE_MARKER,
    index_keys.INDEX,
)


@dataclass(eq=False)
class Copier:
    """Copies `source` to `target`.

    Args:
        executor: for several pictures at a time, `window` at most.
        index: the target's.
        reads_back: read again what was written, and compare its hash.
        verifies_all: do the same with what was there before.
    """

    source: ObjectStore
    target: ObjectStore
    executor: Executor
    _: KW_ONLY
    window: int = 32
    reads_back: bool = True
    verifies_all: bool = False
    index: Index | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        self._index = self.index or Index(self.target)
        self._pictures = PictureCopier(
            self.source,
            self.target,
            self._index,
            reads_back=self.reads_back,
            verifies_all=self.verifies_all,
        )

    def run(self, *, passes: int = 2, deletes: bool = False) -> Iterator[CopyResult]:
        """Copy all, then the changes meanwhile; end after `passes`, or when nothing has changed.

        At the end, pictures that only the target has are reported, and removed with `deletes`.
        """
        since: datetime | None = None
        for _ in range(passes):
            began, changes = self.clock(), 0
            for copied in self._folding(self._one_pass(since)):
                changes += copied.kind in ("copied", "updated", "repaired")
                # Only the first pass reports what is unchanged.
                if since is None or copied.kind in ("copied", "updated", "repaired", "damaged"):
                    yield copied
            if since is not None and not changes:
                break
            since = began - _CLOCK_MARGIN
        yield from self._side_by_side(
            lambda image_id: self._pictures.settle_extra(image_id, deletes=deletes),
            self._records(self.target, None),
        )

    def _folding(self, results: Iterator[CopyResult]) -> Iterator[CopyResult]:
        """Yield the results, and fold their announcements into the target's index."""
        for number, copied in enumerate(results, 1):
            yield copied
            if number % _FOLD_EVERY == 0:
                self._fold(_FOLD_EVERY // 2)
        self._fold(1)

    def _fold(self, at_least: int) -> None:
        if fold(self._index, at_least) == "published":
            while tidy(self._index) == "published":
                pass
        sweep(self._index)

    def repair(self) -> Iterator[CopyResult]:
        """Replace damaged objects of the target by those of the source; copy nothing else.

        So a back-up can be the source: newer records, accounts and jobs stay.
        """
        results = self._side_by_side(self._pictures.repair, self._records(self.source, None))
        yield from self._folding(results)
        for stat in self.source.list(keys.USERS):
            name = keys.name_of_user(stat.key)
            try:
                if name is not None:
                    Users(self.target).find(name)
            except NotFound:
                continue
            except DamagedRecord:
                copied = copy_object(self.source, self.target, stat)
                if copied is not None:
                    yield CopyResult("repaired", copied.key, copied.size_bytes)

    def total(self) -> int:
        """Return how many pictures and objects a first pass looks at."""
        return sum(1 for _ in self._records(self.source, None)) + sum(1 for _ in self._others(None))

    def _one_pass(self, since: datetime | None) -> Iterator[CopyResult]:
        yield from self._side_by_side(self._pictures.copy, self._records(self.source, since))
        yield from self._side_by_side(
            partial(copy_object, self.source, self.target), self._others(since)
        )

    def _records(self, store: ObjectStore, since: datetime | None) -> Iterator[str]:
        """Yield the ids of pictures whose record was written since then."""
        for stat in store.list(keys.IMAGES):
            image_id = keys.id_of_record(stat.key)
            if image_id is not None and (since is None or stat.modified >= since):
                yield image_id

    def _others(self, since: datetime | None) -> Iterator[Stat]:
        """Yield the objects to copy that belong to no picture; jobs before their markers."""
        for stat in self.source.list(job_keys.JOBS):
            if "/leases/" not in stat.key and (since is None or stat.modified >= since):
                yield stat
        for stat in self._other_objects():
            if since is None or stat.modified >= since:
                yield stat

    def _other_objects(self) -> Iterator[Stat]:
        after, skipped = "", (*_LEFT_OUT, job_keys.JOBS)
        while True:
            for stat in self.source.list("", after):
                prefix = next((p for p in skipped if stat.key.startswith(p)), None)
                if prefix is not None:
                    # The first name after all with this prefix: "0" follows "/".
                    after = f"{prefix.removesuffix('/')}0"
                    break
                yield stat
            else:
                return

    def _side_by_side(
        self, act: Callable[[Item], CopyResult | None], items: Iterable[Item]
    ) -> Iterator[CopyResult]:
        """Yield the results of the items, in order; never more than `window` wait."""
        waiting: deque[Future[CopyResult | None]] = deque()
        try:
            for item in items:
                waiting.append(self.executor.submit(act, item))
                if len(waiting) >= self.window:
                    yield from _result(waiting.popleft())
            while waiting:
                yield from _result(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()


def _result(future: Future[CopyResult | None]) -> Iterator[CopyResult]:
    copied = future.result()
    if copied is not None:
        yield copied
