"""The outbox: stores events with the changes that they report.

    expect    webhooks/pending/<token>, before the change is committed
    confirm   an object in the queue of each receiver, before the change is acknowledged
    then      webhooks/pending/<token> is removed, in the background if there is an executor

So a change that was acknowledged has its events in the queues. If a process dies in between,
`recovery` finds the pending event and decides whether the change was committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import structlog

from progimage.errors import StoreError, StoreFull
from progimage.keys import new_token
from progimage.library.events import NOTHING, Data, Event, Subject
from progimage.model import EventKind
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.webhooks import keys
from progimage.webhooks.events import PendingEvent, StoredEvent, event_id
from progimage.webhooks.queue import enqueue

log = structlog.get_logger()


class Outbox:
    """Stores the events of one process.

    Args:
        hooks: which events each receiver wants, by the receiver's name.
        executor: writes to the store in the background.

    Attributes:
        on_queued: called with the names of receivers that have new events.
    """

    def __init__(
        self,
        store: ObjectStore,
        hooks: Mapping[str, frozenset[EventKind]],
        executor: Executor | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.executor = executor
        self.on_queued: Callable[[Collection[str]], None] = lambda _: None
        self._hooks = hooks
        self._clock = clock

    @contextmanager
    def expecting(self, kind: EventKind, subject: Subject, data: Data) -> Iterator[Event]:
        """Store an event before its change; see `Events.expecting`.

        Raises:
            StoreError: the event could not be stored.
        """
        hooks = tuple(sorted(name for name, kinds in self._hooks.items() if kind in kinds))
        if not hooks:
            yield NOTHING
            return
        event = StoredEvent(
            id=event_id(kind, subject), type=kind, created=self._clock(), data=data()
        )
        expected = _Expected(self, PendingEvent(subject=subject, hooks=hooks, event=event))
        writing = self.executor.submit(expected.put) if self.executor else None
        if writing is None:
            expected.put()
        try:
            yield expected
        finally:
            if writing is not None:
                writing.result()


class _Expected:
    """An event that is pending."""

    def __init__(self, outbox: Outbox, pending: PendingEvent) -> None:
        self._outbox = outbox
        self._pending = pending
        self._key = keys.pending(new_token())

    def put(self) -> None:
        """Store it; in a full store a removal goes on without its event."""
        try:
            json_objects.save(self._outbox.store, self._key, self._pending, ABSENT)
        except StoreFull:
            if self._pending.event.type != "image.deleted":
                raise

    def confirm(self) -> None:
        try:
            for hook in self._pending.hooks:
                enqueue(self._outbox.store, hook, self._pending.event)
        except StoreFull:
            if self._pending.event.type != "image.deleted":
                raise
            log.warning("no room for the event of a removal", picture=self._pending.subject.id)
        if self._outbox.executor:
            self._outbox.executor.submit(self._clear)
        else:
            self._clear()
        self._outbox.on_queued(self._pending.hooks)

    def retract(self) -> None:
        self._outbox.store.delete(self._key)

    def _clear(self) -> None:
        with suppress(StoreError):  # then it is sent once more, with the same id
            self._outbox.store.delete(self._key)
