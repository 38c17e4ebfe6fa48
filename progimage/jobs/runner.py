"""The embedded runner: works on jobs in the background of a web process.

Every web process of every node may have one. They share the work by leases on a hundred items
each, so all of them work on a large job. A process gives at most half of its threads to one
job, so a small job does not wait for a large one.

    coordinator   looks for shards without a worker, takes their leases, ends what is done
    workers       one thread for each shard; they attempt its items in order, failed ones again
    renewer       renews the leases

Another process notices that the leases of a dead process no longer change, takes them over, and
does the items that have no outcome yet.

An idle runner costs a listing every `poll_s`, and for each job that others work on a read and
at least two listings.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field

import structlog

from progimage.errors import DamagedRecord, KeyMissing, ProgImageError, StoreError
from progimage.jobs import keys
from progimage.jobs.leases import Lease, Leases
from progimage.jobs.model import Request
from progimage.jobs.state import Jobs
from progimage.jobs.work import Work
from progimage.stores import ABSENT, ObjectStore

# How often a shard's worker looks whether the job was cancelled.
_LOOK_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Items of a job, exclusive to this runner while it holds the lease."""

    request: Request
    numbers: list[int]
    lease: Lease


@dataclass(eq=False)
class Runner:
    """Runs jobs in threads of this process.

    Attributes:
        work: carries out one item.
        leases: share the work with other runners.

    Args:
        threads: items at a time.
        poll_s: the time between two looks for work from other nodes.
        clock: monotonic seconds; the clock of `leases`.
    """

    store: ObjectStore
    jobs: Jobs
    work: Work
    leases: Leases
    _: KW_ONLY
    threads: int
    poll_s: float
    clock: Callable[[], float] = time.monotonic
    _requests: dict[str, Request] = field(default_factory=dict, init=False)
    _claims: dict[Claim, threading.Thread] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _has_news: threading.Event = field(default_factory=threading.Event, init=False)
    _is_stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _own: list[threading.Thread] = field(default_factory=list, init=False)

    def start(self, *, looks: bool = True) -> None:
        """Begin to look for work, or only to renew the leases that `work_on` takes."""
        for act in (self._coordinate, self._renew) if looks else (self._renew,):
            thread = threading.Thread(target=act, name=f"jobs{act.__name__}", daemon=True)
            self._own.append(thread)
            thread.start()

    @property
    def is_stopping(self) -> bool:
        """True once this process is to end."""
        return self._is_stopping.is_set()

    @property
    def is_idle(self) -> bool:
        """True while no shard is being worked on."""
        return not self._claims

    def wake(self) -> None:
        """Look for work now: there is a new job."""
        self._has_news.set()

    def begin_to_stop(self) -> None:
        """Begin no further item. May be called from a signal handler."""
        self._is_stopping.set()
        self._has_news.set()

    def stop(self, patience_s: float) -> None:
        """Wait up to `patience_s` for the items in progress, then leave them to other runners."""
        self.begin_to_stop()
        deadline = time.monotonic() + patience_s
        for thread in self._own:
            thread.join(max(deadline - time.monotonic(), 0.0))
        # From now on there is no further claim.
        for thread in self._claims.copy().values():
            thread.join(max(deadline - time.monotonic(), 0.0))
        self.work.stop()
        for claim in self._claims.copy():
            self.leases.release(claim.lease)

    def claim(self) -> Claim | None:
        """Take items without a worker; None if there are none.

        Jobs that are done are ended.
        """
        with self._lock:
            mine = Counter(claim.request.id for claim in self._claims)
        queue = list(self.jobs.queue())
        self._requests = {job: self._requests[job] for job in queue if job in self._requests}
        at_most = max(self.threads // 2, 1)
        seen: set[str] = set()
        for job_id in sorted((job for job in queue if mine[job] < at_most), key=mine.__getitem__):
            try:
                found = self._claim_of(job_id, seen)
            except DamagedRecord as error:
                log.warning("a job cannot be read", job=job_id, reason=str(error))
                continue
            if found is not None:
                return found
        self.leases.forget_others(seen)
        return None

    def work_on(self, job_id: str, shard: int) -> None:
        """Work on a shard in the calling thread, unless it is taken or done.

        Ends the job if there is nothing left to do.
        """
        request = self.jobs.read(job_id)
        if request is None or self.jobs.has_ended(request) or not (0 <= shard < request.shards):
            return
        lease = self.leases.take(key := keys.lease(job_id, shard), self._lease_at(key))
        if lease is None:
            return
        try:
            numbers = self.jobs.outcomes.missing(request, request.of_shard(shard))
        except StoreError:
            self.leases.release(lease)
            raise
        claim = Claim(request, numbers, lease)
        with self._lock:
            self._claims[claim] = threading.current_thread()
        self._run(claim)
        if not self.jobs.outcomes.missing(request, range(request.items)):
            self.jobs.end_if_done(request)

    def work_through(self, claim: Claim) -> None:
        """Attempt the items of a claim until each has an outcome or the job or its lease ends."""
        request = claim.request
        if not claim.numbers:
            return
        entries = self.jobs.entries(request, range(claim.numbers[0], claim.numbers[-1] + 1))
        due = [(0.0, number, 0) for number in claim.numbers]
        next_look = self.clock()
        while due and not self._is_stopping.is_set():
            now = self.clock()
            if not claim.lease.is_held(now):
                break
            if now >= next_look:
                if self.jobs.has_ended(request):
                    break
                next_look = now + _LOOK_S
            if due[0][0] > now:
                self._is_stopping.wait(min(due[0][0] - now, _LOOK_S))
                continue
            _, number, before = heapq.heappop(due)
            again = self.work.attempt(request, number, entries[number // request.width], before)
            if again is not None:
                later = self.clock() + again.after_s
                heapq.heappush(due, (later, number, before + again.is_counted))

    def _lease_at(self, key: str) -> str:
        try:
            return self.store.stat(key).etag
        except KeyMissing:
            return ABSENT

    def _claim_of(self, job_id: str, seen: set[str]) -> Claim | None:
        request = self._requests.get(job_id) or self.jobs.read(job_id)
        if request is None:
            return None  # it is being created, or its creation was interrupted
        self._requests[job_id] = request
        for shard in self.jobs.unfinished_shards(request):
            seen.add(shard.key)
            lease = self.leases.take(shard.key, shard.etag)
            if lease is None:
                continue
            # Listed once more: another runner may have finished it meanwhile.
            if numbers := self.jobs.outcomes.missing(request, request.of_shard(shard.number)):
                return Claim(request, numbers, lease)
            self.leases.release(lease)
        return None

    def _coordinate(self) -> None:
        while not self._is_stopping.is_set():
            self._has_news.clear()
            try:
                has_begun = len(self._claims) < self.threads and self._begin()
            except StoreError as error:
                log.warning("jobs could not be listed", reason=str(error))
                has_begun = False
            except Exception:
                log.exception("unexpected error in looking for jobs")
                has_begun = False
            if not has_begun:
                self._has_news.wait(self.poll_s)

    def _begin(self) -> bool:
        """Start a thread for a claim; return False if there is nothing to do."""
        claim = self.claim()
        if claim is None:
            return False
        thread = threading.Thread(target=self._run, args=[claim], name="jobs_work", daemon=True)
        with self._lock:
            self._claims[claim] = thread
        try:
            thread.start()
        except RuntimeError:
            # No room for another thread; the lease expires, and the shard is taken later.
            with self._lock:
                del self._claims[claim]
            raise
        return True

    def _run(self, claim: Claim) -> None:
        try:
            self.work_through(claim)
        except ProgImageError as error:
            log.warning("a job's items wait", job=claim.request.id, reason=str(error))
            self._is_stopping.wait(self.poll_s)
        except Exception:
            log.exception("unexpected error in a job", job=claim.request.id)
            self._is_stopping.wait(self.poll_s)
        finally:
            with suppress(StoreError):
                self.leases.release(claim.lease)
            with self._lock:
                del self._claims[claim]
            self._has_news.set()

    def _renew(self) -> None:
        while not self._is_stopping.wait(self.leases.length_s / 3):
            with self._lock:
                claims = list(self._claims)
            for claim in claims:
                try:
                    self.leases.renew(claim.lease)
                except Exception:
                    log.exception("a lease could not be renewed", job=claim.request.id)
