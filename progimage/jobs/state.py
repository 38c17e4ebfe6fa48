"""Jobs in one object store: create them, look at them, end them.

    create   marker of the owner's list · entries · marker of the queue · request.json, created
    work     items/<number>.json, created, each by the first runner to finish it
    end      finished.json, created: complete or cancelled · marker of the queue, removed

The request commits the job. What a crash leaves without a request is found by its marker and
removed. The state of a job is the listing of its outcomes (see `outcomes`). So each item has
one outcome and each job one end, however many runners work on it.

A look at a job costs two reads, a listing for each thousand outcomes (none once it is
complete), and one read for each item that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import structlog

from progimage.errors import Conflict, DamagedRecord, NotFound, Overloaded
from progimage.jobs import keys
from progimage.jobs.model import (
    CHUNK,
    SHARD,
    Entries,
    Entry,
    Finished,
    Item,
    Progress,
    Request,
    State,
)
from progimage.jobs.outcomes import Outcomes
from progimage.keys import is_token
from progimage.library.events import NO_EVENTS, Events, Subject, expect
from progimage.stores import ABSENT, ObjectStore, exists, json_objects

_LATER_S = 60

log = structlog.get_logger()


class Shard(NamedTuple):
    """A part of a job that one runner works on; `etag` is its lease's, or ABSENT."""

    number: int
    key: str
    etag: str


@dataclass(eq=False)
class Jobs:
    """The jobs of a store: create, look at and end them.

    Args:
        executor: reads several outcomes at a time; useful where each read takes long.
        events: takes the ends of jobs.

    Attributes:
        outcomes: those of the items of all jobs.
    """

    store: ObjectStore
    executor: Executor | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    events: Events = NO_EVENTS
    outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        self.outcomes = Outcomes(self.store)

    def create(self, request: Request, entries: Sequence[Entry]) -> None:
        """Store a job and queue it."""
        json_objects.put_empty(self.store, keys.listed(request.owner, request.created, request.id))
        for first in range(0, len(entries), CHUNK):
            chunk = Entries(entries=tuple(entries[first : first + CHUNK]))
            json_objects.create(self.store, keys.entries(request.id, first), chunk)
        json_objects.put_empty(self.store, keys.queued(request.created, request.id))
        json_objects.create(self.store, keys.request(request.id), request)

    def find(self, owner: str, job_id: str) -> Request:
        """Return a job of `owner`.

        Raises:
            NotFound: there is none, or it belongs to another owner; the two look alike.
        """
        request = self.read(job_id) if is_token(job_id) else None
        if request is None or request.owner != owner:
            raise NotFound(f"there is no job {job_id if is_token(job_id) else 'of that id'}")
        return request

    def read(self, job_id: str) -> Request | None:
        """Return a job of any owner; None if there is none."""
        return json_objects.find(self.store, keys.request(job_id), Request)

    def entries(self, request: Request, numbers: range) -> dict[int, Entry]:
        """Return the entries that the items `numbers` are made of, by the entry's number."""
        found: dict[int, Entry] = {}
        if numbers:
            first, last = numbers[0] // request.width, numbers[-1] // request.width
            for start in range(first - first % CHUNK, last + 1, CHUNK):
                chunk = json_objects.read(self.store, keys.entries(request.id, start), Entries)
                found.update(enumerate(chunk.entries, start))
        return found

    def progress(self, request: Request) -> Progress:
        """Return how far a job has come."""
        end = json_objects.find(self.store, keys.finished(request.id), Finished)
        if end is not None and end.counts is not None:
            return Progress(request, end.status, end.counts, end.finished)
        counts = self.outcomes.count(request)
        if end is not None:
            return Progress(request, end.status, counts, end.finished)
        is_begun = counts.pending < request.total or any(self.store.list(keys.leases(request.id)))
        return Progress(request, "in-progress" if is_begun else "pending", counts)

    def window(
        self, request: Request, start: int, limit: int, state: State | None = None
    ) -> tuple[list[Item], int | None]:
        """Return items from number `start` on, and the next number if there are more.

        Args:
            state: return only the items in this state.
        """
        states = (pair for pair in self.outcomes.states(request, start) if state in (None, pair[1]))
        shown = list(islice(states, limit + 1))
        following = shown[limit][0] if len(shown) > limit else None
        shown = shown[:limit]
        if not shown:
            return [], following
        entries = self._entries_of(request, [number for number, _ in shown])
        each = self.executor.map if self.executor else map
        outcomes = each(
            lambda pair: self.outcomes.shown(request, pair[0]) if pair[1] != "pending" else None,
            shown,
        )
        items = [
            Item(
                number,
                entries[number // request.width],
                request.transform_of(number),
                outcome,
            )
            for (number, _), outcome in zip(shown, outcomes, strict=True)
        ]
        return items, following

    def owned(self, owner: str, limit: int, after: str = "") -> tuple[list[Request], str | None]:
        """Return an owner's jobs, newest first, and the next position if there are more.

        Args:
            after: the position that an earlier call returned.
        """
        prefix = keys.jobs_of(owner)
        found: list[Request] = []
        last = ""
        for stat in self.store.list(prefix, f"{prefix}{after}" if after else ""):
            marker = keys.marker(stat.key)
            try:
                request = self.read(marker.job_id) if marker else None
            except DamagedRecord as error:
                log.warning("a job cannot be read", key=stat.key, reason=str(error))
                continue
            if marker is None or request is None or request.owner != owner:
                continue
            if len(found) == limit:
                return found, last
            found.append(request)
            last = marker.position
        return found, None

    def queue(self) -> Iterator[str]:
        """Yield the ids of the jobs with work left, oldest first."""
        for stat in self.store.list(keys.QUEUE):
            if marker := keys.marker(stat.key):
                yield marker.job_id

    def check_room(self, most: int) -> None:
        """Raise `Overloaded` if `most` jobs have work left already."""
        if next(islice(self.queue(), most - 1, None), None) is not None:
            raise Overloaded(
                f"{most:,} jobs are waiting or running already; try again later", _LATER_S
            )

    def unfinished_shards(self, request: Request) -> list[Shard]:
        """Return the shards of a job with items left; without any, remove it from the queue.

        A job all of whose items have outcomes is ended.
        """
        if self.has_ended(request):
            self.forget(request)
            return []
        # Before the outcomes: a lease that is released after this look cannot be missed.
        leases = {
            keys.number_of(stat.key, "leases"): stat.etag
            for stat in self.store.list(keys.leases(request.id))
        }
        missing = self.outcomes.missing(request, range(request.items))
        if not missing:
            self.end_if_done(request)
        return [
            Shard(number, keys.lease(request.id, number), leases.get(number, ABSENT))
            for number in sorted({item // SHARD for item in missing})
        ]

    def has_ended(self, request: Request) -> bool:
        """True if the job is complete or cancelled."""
        return exists(self.store, keys.finished(request.id))

    def cancel(self, request: Request) -> None:
        """Cancel a job; outcomes stay, and a job that is complete stays complete."""
        self._end(request, Finished(finished=self.clock(), status="cancelled"))

    def end_if_done(self, request: Request) -> bool:
        """End a job all of whose items have outcomes; False if some have none."""
        counts = self.outcomes.count(request)
        if counts.pending:
            return False
        self._end(request, Finished(finished=self.clock(), status="complete", counts=counts))
        return True

    def forget(self, request: Request) -> None:
        """Remove a job that has ended from the queue."""
        self.store.delete(keys.queued(request.created, request.id))

    def _end(self, request: Request, end: Finished) -> None:
        subject = Subject(request.id)
        event = expect(self.events, "job.finished", subject, lambda: self._summary(request, end))
        try:
            json_objects.create(self.store, keys.finished(request.id), end)
        except Conflict:  # it has ended already
            event.retract()
        else:
            event.confirm()
        self.forget(request)

    def _summary(self, request: Request, end: Finished) -> dict[str, Any]:
        counts = (end.counts or self.outcomes.count(request))._asdict()
        return {
            "id": request.id,
            "kind": request.kind,
            "owner": request.owner,
            "created": request.created.isoformat(),
            "finished": end.finished.isoformat(),
            "status": end.status,
            "counts": {"total": request.total, **counts},
        }

    def _entries_of(self, request: Request, numbers: list[int]) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        for number in numbers:
            if number // request.width not in found:
                found |= self.entries(request, range(number, number + 1))
        return found
