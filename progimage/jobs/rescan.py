"""Finds jobs whose messages were lost, or whose worker died, by looking at the store.

Every worker looks regularly. A shard whose lease no longer changes gets a new
message, since its worker is dead. A shard without a lease gets a message from a worker that has
nothing to do: if its message were still in the queue, that worker would have received it. A
runner that finds the shard taken or done drops the message.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from progimage.errors import DamagedRecord, StoreError
from progimage.jobs.leases import Leases
from progimage.jobs.model import Request
from progimage.jobs.state import Jobs
from progimage.stores import ABSENT, ObjectStore

log = structlog.get_logger()


@dataclass(eq=False)
class Rescan:
    """Looks for work without a worker.

    Args:
        announce: sends the message for a shard of a job.
        leases: those of this process.
        clock: monotonic seconds.
    """

    store: ObjectStore
    jobs: Jobs
    leases: Leases
    announce: Callable[[str, int], bool]
    clock: Callable[[], float] = time.monotonic
    _announced: dict[str, float] = field(default_factory=dict, init=False)

    def look(self, *, is_idle: bool) -> None:
        """Look once, and end the jobs that are done."""
        seen: set[str] = set()
        try:
            for job_id in self.jobs.queue():
                try:
                    self._look_at(job_id, seen, is_idle=is_idle)
                except DamagedRecord as error:
                    log.warning("a job cannot be read", job=job_id, reason=str(error))
        except StoreError as error:
            log.warning("jobs could not be listed", reason=str(error))
            return
        self.leases.forget_others(seen)
        self._announced = {key: at for key, at in self._announced.items() if key in seen}

    def _look_at(self, job_id: str, seen: set[str], *, is_idle: bool) -> None:
        request = self.jobs.read(job_id)
        if request is None:
            return  # it is being created, or its creation was interrupted
        for number, key, etag in self.jobs.unfinished_shards(request):
            seen.add(key)
            is_abandoned = is_idle if etag == ABSENT else self.leases.is_dead(key, etag)
            if is_abandoned and self._is_due(key):
                log.info("shard of a job announced again", job=job_id, shard=number)
                self.announce(job_id, number)

    def _is_due(self, key: str) -> bool:
        """Return False if this process announced the shard a moment ago."""
        now = self.clock()
        if now - self._announced.get(key, float("-inf")) < self.leases.length_s:
            return False
        self._announced[key] = now
        return True


def announce_all(request: Request, announce: Callable[[str, int], bool]) -> None:
    """Send the message of every shard of a job, until one cannot be sent."""
    for shard in range(request.shards):
        if not announce(request.id, shard):
            return
