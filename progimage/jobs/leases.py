"""Leases: which runner works on which shard of a job.

A lease is an object that its holder created and keeps swapping for a new version of
itself. Another runner looks, by its own monotonic clock, whether it stays the same
for the length of a lease; then its holder is dead, and the first to swap it takes over.
No clock of one machine is ever compared with that of another.

A holder counts its lease from before the last renewal, an observer from after it, so the holder
has stopped by the time the observer begins. If it has not (a process can be frozen between two
instructions), both work on the same items for a moment. The outcomes stay right, because each
is created only once.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from pydantic import BaseModel

from progimage.errors import Conflict, DamagedRecord, KeyMissing, StoreUnavailable
from progimage.stores import ABSENT, ObjectStore, json_objects


class LeaseObject(BaseModel):
    """The stored form of a lease: its holder, and a text that differs in each version."""

    holder: str
    version: str


class Lease:
    """The right to work on a shard until it is lost or released.

    Attributes:
        key: of the object that is the lease.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self._holder = secrets.token_hex(16)
        self._etag = ""
        self._expires = 0.0
        self._lock = threading.Lock()

    def is_held(self, now: float) -> bool:
        """True if no other runner can hold it at `now` by the monotonic clock."""
        return now < self._expires


class Leases:
    """Takes, renews and releases leases in one process.

    Args:
        length_s: of a lease that is not renewed.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        store: ObjectStore,
        length_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self.length_s = length_s
        self._clock = clock
        self._seen: dict[str, tuple[str, float]] = {}

    def take(self, key: str, current: str) -> Lease | None:
        """Return the lease on `key`, None while another holds it.

        `current` is the etag of the lease that is there, or ABSENT. A lease of another
        must have been seen unchanged for its length, in earlier calls.
        """
        if current != ABSENT and not self.is_dead(key, current):
            return None
        lease = Lease(key)
        try:
            self._write(lease, current)
        except Conflict:
            return None
        self._seen.pop(key, None)
        return lease

    def holds(self, lease: Lease) -> bool:
        """True if no other runner can hold the lease now."""
        return lease.is_held(self._clock())

    def renew(self, lease: Lease) -> None:
        """Make a lease last longer, if it is held; if it is not, that shows in `is_held`."""
        with lease._lock:
            started = self._clock()
            if not lease.is_held(started):
                return
            try:
                self._write(lease, lease._etag)
            except Conflict:
                lease._expires = 0.0
            except StoreUnavailable:
                self._look_again(lease, started)

    def release(self, lease: Lease) -> None:
        """Let others have the shard at once; does nothing to a lease that was lost."""
        with lease._lock:
            lease._expires = 0.0
            try:
                self._store.delete(lease.key, expect=lease._etag)
            except (Conflict, StoreUnavailable):
                return  # it is another's by now, or it runs out

    def forget_others(self, keys: set[str]) -> None:
        """Forget all leases but these."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}

    def is_dead(self, key: str, etag: str) -> bool:
        """True once the lease was seen unchanged, in earlier calls, for its length."""
        now = self._clock()
        if self._seen.get(key, ("", 0.0))[0] != etag:
            self._seen[key] = (etag, now)
            return False
        return now - self._seen[key][1] >= self.length_s

    def _look_again(self, lease: Lease, started: float) -> None:
        """Find out whether a renewal whose answer was lost took effect."""
        try:
            found, etag = json_objects.load(self._store, lease.key, LeaseObject, "a damaged lease")
        except (KeyMissing, DamagedRecord, StoreUnavailable):
            return
        if found.holder == lease._holder:
            lease._etag, lease._expires = etag, started + self.length_s

    def _write(self, lease: Lease, expect: str) -> None:
        started = self._clock()
        # Never twice the same: equal bytes may have equal etags.
        content = LeaseObject(holder=lease._holder, version=secrets.token_hex(16))
        lease._etag = json_objects.save(self._store, lease.key, content, expect)
        lease._expires = started + self.length_s
