"""Copy everything of one store into another, of the same or another kind, while both serve.

A picture comes as an upload does: its original, its markers, then its record, so that
what is interrupted leaves no record without bytes and can be run again. The index is
written anew, since each kind of store lays it out in its own way. Renditions are made
again where they are asked for; probes, leases and half-written files are nobody's.

What changes at the source meanwhile is caught by the next pass over what is young.
What the target has in a newer version stays.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Literal, TypeVar, cast

from progimage import keys
from progimage.errors import Conflict, DamagedRecord, KeyMissing, NotFound
from progimage.index import Index, layout, postings_of
from progimage.jobs import keys as job_keys
from progimage.library import Library, read_record
from progimage.library.records import Records
from progimage.model import Record, Viewer
from progimage.stores import ABSENT, ObjectStore, Reader, Stat

Kind = Literal["copied", "updated", "unchanged", "newer", "extra", "removed", "damaged"]

Item = TypeVar("Item")

_CHUNK = 1 << 20
_ATTEMPTS = 5

# Clocks of nodes and stores differ; what is this much older than a pass is not young.
_CLOCK_MARGIN = timedelta(hours=1)

# Stand below other keys, or are made anew.
_LEFT_OUT = (keys.IMAGES, keys.RENDERS, keys.PROBES, layout.INDEX)


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one picture or object.

    copied, updated: it is the same now; it was not there, or another version was.
    unchanged: it was the same.
    newer: the target has a later version, which stays.
    extra: a picture that only the target has; removed, if that was asked for.
    damaged: its bytes are not those that its record was made of, or it cannot be read.
    """

    kind: Kind
    key: str
    size_bytes: int = 0


class Copier:
    """Copies `source` to `target`.

    Args:
        executor: for several pictures at a time, `window` at most.
        reads_back: what was written is read again, and its hash compared.
        verifies_all: so is what was there before.
    """

    def __init__(
        self,
        source: ObjectStore,
        target: ObjectStore,
        executor: Executor,
        *,
        window: int = 32,
        reads_back: bool = True,
        verifies_all: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._source = source
        self._target = target
        self._library = Library(target)
        self._records_at_target = Records(target)
        self._index = Index(target)
        self._executor = executor
        self._window = window
        self._reads_back = reads_back
        self._verifies_all = verifies_all
        self._clock = clock

    def run(self, *, passes: int = 2, deletes: bool = False) -> Iterator[Copied]:
        """Copy all, then what changed meanwhile, `passes` times in all or until nothing did.

        At last, pictures that only the target has are told, and removed with `deletes`.
        """
        since: datetime | None = None
        for _ in range(passes):
            began, changes = self._clock(), 0
            for copied in self._one_pass(since):
                changes += copied.kind in ("copied", "updated")
                # Only the first pass tells what it need not do.
                if since is None or copied.kind in ("copied", "updated", "damaged"):
                    yield copied
            if since is not None and not changes:
                break
            since = began - _CLOCK_MARGIN
        yield from self._side_by_side(
            lambda image_id: self._extra(image_id, deletes=deletes),
            self._records(self._target, None),
        )

    def _one_pass(self, since: datetime | None) -> Iterator[Copied]:
        yield from self._side_by_side(self._copy_picture, self._records(self._source, since))
        yield from self._side_by_side(self._copy_object, self._others(since))

    def _records(self, store: ObjectStore, since: datetime | None) -> Iterator[str]:
        """Yield the ids of pictures whose record was written since then."""
        for stat in store.list(keys.IMAGES):
            image_id = keys.id_of_record(stat.key)
            if image_id is not None and (since is None or stat.modified >= since):
                yield image_id

    def _others(self, since: datetime | None) -> Iterator[Stat]:
        """Yield what is neither a picture nor made anew; jobs before what lists them."""
        for stat in self._source.list(job_keys.JOBS):
            if "/leases/" not in stat.key and (since is None or stat.modified >= since):
                yield stat
        for stat in self._elsewhere():
            if since is None or stat.modified >= since:
                yield stat

    def _elsewhere(self) -> Iterator[Stat]:
        after, skipped = "", (*_LEFT_OUT, job_keys.JOBS)
        while True:
            for stat in self._source.list("", after):
                prefix = next((p for p in skipped if stat.key.startswith(p)), None)
                if prefix is not None:
                    # The first name behind all that begin so: "0" follows "/".
                    after = f"{prefix.removesuffix('/')}0"
                    break
                yield stat
            else:
                return

    def _copy_picture(self, image_id: str) -> Copied | None:
        """Bring one picture over, as it is at this moment; None if it is gone."""
        key = keys.record(image_id)
        for _ in range(_ATTEMPTS):
            try:
                record, _ = read_record(self._source, image_id)
                if record.state != "live":
                    return None
                return self._bring(record)
            except NotFound:
                return None
            except DamagedRecord:
                return Copied("damaged", key)
            except (Conflict, KeyMissing):
                # Edited, removed or uploaded anew between two looks at it.
                continue
        return Copied("damaged", key)

    def _bring(self, record: Record) -> Copied:
        key = keys.record(record.id)
        there, etag = self._at_target(record.id)
        if there is not None and _is_newer(there, record):
            return Copied("newer", key)
        if not self._bring_original(record):
            return Copied("damaged", keys.original(record.id, record.generation))
        after = postings_of(record)
        if there == record:
            self._index.confirm(after)
            return Copied("unchanged", key)
        self._index.write(after)
        self._records_at_target.write(record, expect=etag or ABSENT)
        if there is None:
            return Copied("copied", key, record.size_bytes)
        self._index.remove(postings_of(there) - after)
        if there.visibility != record.visibility:
            self._library.purge(record.id)
        if there.generation != record.generation:
            self._target.delete(keys.original(there.id, there.generation))
        return Copied("updated", key)

    def _at_target(self, image_id: str) -> tuple[Record | None, str]:
        try:
            record, etag = read_record(self._target, image_id)
        except NotFound:
            return None, ""
        if record.state != "live":
            self._library.finish_removal(record, etag)
            return None, ""
        return record, etag

    def _bring_original(self, record: Record) -> bool:
        """Copy the bytes, unless they are there; False if they are not what they should be."""
        key = keys.original(record.id, record.generation)
        try:
            size = self._target.stat(key).size
        except KeyMissing:
            size = None
        # A put is whole or not at all: equal names and sizes are equal bytes.
        if size == record.size_bytes and not self._verifies_all:
            return True
        if size == record.size_bytes and self._hash_at_target(key) == record.sha256:
            return True
        try:
            with self._source.open(key) as reader:
                passing = cast(BinaryIO, _Verifying(reader, record.sha256))
                self._target.put(key, passing, media_type=record.media_type)
        except _Altered:
            return False
        return not self._reads_back or self._hash_at_target(key) == record.sha256

    def _hash_at_target(self, key: str) -> str:
        digest = hashlib.sha256()
        with self._target.open(key) as reader:
            while block := reader.read(_CHUNK):
                digest.update(block)
        return digest.hexdigest()

    def _copy_object(self, stat: Stat) -> Copied | None:
        """Copy anything else: small, and compared byte for byte unless it is a piece."""
        is_piece = keys.offset_of_piece(stat.key) is not None
        try:
            etag = self._target.stat(stat.key).etag
        except KeyMissing:
            etag = ABSENT
        try:
            with self._source.open(stat.key) as reader:
                if etag != ABSENT and (is_piece or self._is_same(reader, stat.key)):
                    return Copied("unchanged", stat.key)
            with self._source.open(stat.key) as reader:
                source = cast(BinaryIO, _Verifying(reader))
                self._target.put(stat.key, source, media_type="application/json", expect=etag)
        except KeyMissing:
            return None
        except Conflict:
            return Copied("newer", stat.key)
        return Copied("copied" if etag == ABSENT else "updated", stat.key, stat.size)

    def _is_same(self, reader: Reader, key: str) -> bool:
        try:
            with self._target.open(key) as other:
                if reader.stat.size != other.stat.size:
                    return False
                while block := reader.read(_CHUNK):
                    if block != other.read(len(block)):
                        return False
        except KeyMissing:
            return False
        return True

    def _extra(self, image_id: str, *, deletes: bool) -> Copied | None:
        key = keys.record(image_id)
        try:
            self._source.stat(key)
        except KeyMissing:
            pass
        else:
            return None
        if not deletes:
            return Copied("extra", key)
        try:
            record, _ = read_record(self._target, image_id)
            self._library.remove(Viewer(name=record.owner), image_id)
        except NotFound:
            return None
        except DamagedRecord:
            return Copied("damaged", key)
        return Copied("removed", key)

    def _side_by_side(
        self, act: Callable[[Item], Copied | None], items: Iterable[Item]
    ) -> Iterator[Copied]:
        """Yield what becomes of the items, in order; never more than `window` wait."""
        waiting: deque[Future[Copied | None]] = deque()
        try:
            for item in items:
                waiting.append(self._executor.submit(act, item))
                if len(waiting) >= self._window:
                    yield from _result(waiting.popleft())
            while waiting:
                yield from _result(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()


class _Altered(Exception):
    """The source's bytes are not those they should be."""


class _Verifying(io.RawIOBase):
    """A stream that fails at its end if its bytes have another hash: nothing is stored then."""

    def __init__(self, reader: Reader, sha256: str | None = None) -> None:
        self._reader = reader
        self._sha256 = sha256
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        self._digest.update(data)
        if (not data or size < 0) and self._sha256 not in (None, self._digest.hexdigest()):
            raise _Altered
        return data


def _is_newer(there: Record, here: Record) -> bool:
    if there.generation != here.generation:
        return there.created > here.created
    return there.revision > here.revision


def _result(future: Future[Copied | None]) -> Iterator[Copied]:
    copied = future.result()
    if copied is not None:
        yield copied
