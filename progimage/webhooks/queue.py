"""The events that wait for a receiver, and those that were given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from progimage.config.clock_skew import APART_S
from progimage.errors import Conflict, DamagedRecord
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.webhooks import keys
from progimage.webhooks.events import StoredEvent

FAILED_FOR = timedelta(days=30)
"""Events that were given up are removed after this time."""


def now_ms() -> int:
    """Return the time of day in milliseconds."""
    return time.time_ns() // 1_000_000


def enqueue(store: ObjectStore, hook: str, event: StoredEvent, due_ms: int | None = None) -> None:
    """Add an event to the queue of a receiver; without `due_ms` it is due now.

    Two processes that store the same event for the first time store one object.
    """
    if due_ms is None:
        # The clock of the process that sends may be behind.
        due_ms = int((event.created.timestamp() - APART_S) * 1000)
    _create(store, keys.queued(hook, due_ms, event.id), event)


class Queue:
    """The queue of one receiver."""

    def __init__(self, store: ObjectStore, hook: str, clock_ms: Callable[[], int] = now_ms) -> None:
        self._store = store
        self.hook = hook
        self.clock_ms = clock_ms

    def waiting(self) -> Iterator[str]:
        """Yield the keys of the events that wait, the first that is due first."""
        return self._keys(keys.queue(self.hook))

    def failed(self) -> Iterator[str]:
        """Yield the keys of the events that were given up, the oldest first."""
        return self._keys(keys.failed(self.hook))

    def is_due(self, key: str) -> bool:
        """True if the event under this key may be sent."""
        place = keys.place(key)
        return place is not None and place.time_ms <= self.clock_ms()

    def read(self, key: str) -> StoredEvent | None:
        """Return an event; None if it is gone or damaged. A damaged one is removed."""
        try:
            return json_objects.find(self._store, key, StoredEvent)
        except DamagedRecord:
            self._store.delete(key)
            return None

    def remove(self, key: str) -> None:
        """Remove an event that was delivered, or is dropped."""
        self._store.delete(key)

    def postpone(self, key: str, event: StoredEvent, after_s: float) -> None:
        """Send an event again after `after_s` seconds."""
        enqueue(self._store, self.hook, event, self.clock_ms() + int(after_s * 1000))
        self._store.delete(key)

    def give_up(self, key: str, event: StoredEvent) -> None:
        """Move an event to those that are not sent any more."""
        _create(self._store, keys.given_up(self.hook, self.clock_ms(), event.id), event)
        self._store.delete(key)

    def send_again(self, key: str) -> bool:
        """Make an event due now, as if it had not been tried; return False if it is gone."""
        event = self.read(key)
        if event is None:
            return False
        self.postpone(key, event.model_copy(update={"attempts": 0}), 0)
        return True

    def trim(self, most: int) -> tuple[int, int]:
        """Give up events beyond `most`, and remove those that were given up long ago.

        Returns how many events wait, and how many were given up because of `most`.
        """
        waiting = list(self.waiting())
        given_up = 0
        for key in waiting[most:]:
            event = self.read(key)
            if event is not None:
                self.give_up(key, event.model_copy(update={"error": "too many events wait"}))
                given_up += 1
        failed = list(self.failed())
        oldest_ms = self.clock_ms() - FAILED_FOR // timedelta(milliseconds=1)
        for number, key in enumerate(failed):
            place = keys.place(key)
            if place and (place.time_ms < oldest_ms or number < len(failed) - most):
                self._store.delete(key)
        return min(len(waiting), most), given_up

    def _keys(self, prefix: str) -> Iterator[str]:
        return (stat.key for stat in self._store.list(prefix) if keys.place(stat.key))


def hooks_in(store: ObjectStore) -> set[str]:
    """Return the receivers that have events in the store, also former ones."""
    stats = (stat for prefix in (keys.QUEUES, keys.FAILED) for stat in store.list(prefix))
    return {place.hook for stat in stats if (place := keys.place(stat.key))}


def forget_failed(store: ObjectStore, owner: str) -> int:
    """Remove the given-up events about the pictures and jobs of an account; return their number."""
    removed = 0
    for hook in hooks_in(store):
        queue = Queue(store, hook)
        for key in list(queue.failed()):
            event = queue.read(key)
            if event is not None and event.data.get("owner") == owner:
                queue.remove(key)
                removed += 1
    return removed


def _create(store: ObjectStore, key: str, event: StoredEvent) -> None:
    try:
        json_objects.save(store, key, event, ABSENT)
    except Conflict:
        return  # another process has stored it
