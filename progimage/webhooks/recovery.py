"""Finds events of processes that died between a change and its events.

The writer of an event that has been pending for a while is dead. The record, or the end of the
job, shows whether the change was committed. If neither can show it (the picture of an upload was
removed again), the change was not acknowledged, since its events would be in the queues, and the
event is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from progimage.errors import DamagedRecord, NotFound, StoreError
from progimage.jobs import keys as job_keys
from progimage.library.records import read_record
from progimage.stores import ObjectStore, exists, json_objects
from progimage.webhooks import keys
from progimage.webhooks.events import PendingEvent
from progimage.webhooks.queue import enqueue
from progimage.webhooks.turn import Turn

GRACE = timedelta(hours=1)
"""A change that has not been committed for so long will not be: its process is dead."""

log = structlog.get_logger()


class Recovery:
    """Looks for events that are pending without a living writer.

    Args:
        settle_s: how long an event is left to its writer.
        seconds: monotonic seconds.
    """

    def __init__(
        self,
        store: ObjectStore,
        settle_s: float,
        seconds: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._settle_s = settle_s
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[str, float] = {}

    def look(self) -> int:
        """Queue the events whose changes were committed; return how many."""
        now, recovered = self._seconds(), 0
        stats = list(self._store.list(keys.PENDING))
        self._seen = {stat.key: self._seen.get(stat.key, now) for stat in stats}
        for stat in stats:
            if now - self._seen[stat.key] < self._settle_s:
                continue
            try:
                pending = json_objects.find(self._store, stat.key, PendingEvent)
            except DamagedRecord:
                self._store.delete(stat.key)
                continue
            if pending is None:
                continue
            if self._has_happened(pending):
                for hook in pending.hooks:
                    enqueue(self._store, hook, pending.event)
                recovered += 1
            elif stat.modified > self._clock() - GRACE:
                continue
            self._store.delete(stat.key)
        if recovered:
            log.info("recovered events of processes that died", count=recovered)
        return recovered

    def _has_happened(self, pending: PendingEvent) -> bool:
        kind, subject = pending.event.type, pending.subject
        if kind == "job.finished":
            return exists(self._store, job_keys.finished(subject.id))
        try:
            record, _ = read_record(self._store, subject.id)
        except NotFound:
            return kind == "image.deleted"
        except DamagedRecord:
            return False
        if kind == "image.deleted":
            # A later upload has another time of creation; a restored original has the same.
            is_another = record.facts()["created"] != pending.event.data.get("created")
            return is_another or record.state != "live"
        is_same = record.generation == subject.generation
        # A first revision existed, even if the picture has been removed since.
        is_there = record.state == "live" or subject.revision == 1
        return is_same and is_there and record.revision >= subject.revision


class Recoverer:
    """Runs the recovery in the background: of all processes, in one.

    Args:
        poll_s: between two looks.
    """

    def __init__(self, recovery: Recovery, turn: Turn, poll_s: float) -> None:
        self._recovery = recovery
        self._turn = turn
        self._poll_s = poll_s
        self._is_stopping = threading.Event()

    def run(self) -> None:
        """Look for events until `begin_to_stop`."""
        while not self._is_stopping.is_set():
            try:
                if self._turn.take():
                    self._recovery.look()
            except StoreError as error:
                log.warning("events of dead processes could not be read", reason=str(error))
            except Exception:
                log.exception("unexpected error in the recovery of events")
            self._is_stopping.wait(self._poll_s)
        self._turn.release()

    def begin_to_stop(self) -> None:
        """Look for nothing more. May be called from a signal handler."""
        self._is_stopping.set()

    def renew(self) -> None:
        """Renew the lease, if this process has it."""
        self._turn.renew()
