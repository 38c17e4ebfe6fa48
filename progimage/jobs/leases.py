"""Leases: which runner works on which shard of a job.

A lease is an object that its holder creates and regularly replaces with a new version.
Another runner measures, by its own monotonic clock, how long the object stays the same. After
the length of a lease its holder counts as dead, and the first runner that replaces the object
takes over. Clocks of two machines are never compared.

A holder counts its lease from before the last renewal, an observer from after it, so the holder
has stopped before the observer begins. If it has not (a process can be frozen between two
instructions), both work on the same items for a moment. The outcomes are still correct, because
each is created only once.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(eq=False)
class Leases:
    """Takes, renews and releases leases in one process.

    Args:
        length_s: of a lease that is not renewed.
        clock: monotonic seconds.
    """

    store: ObjectStore
    length_s: float
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict, init=False)

    def take(self, key: str, current: str) -> Lease | None:
        """Return the lease on `key`, None while another runner holds it.

        Args:
            current: the etag of the stored lease, or ABSENT. A lease of another runner is only
                taken if earlier calls have seen it unchanged for its length.
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
        return lease.is_held(self.clock())

    def renew(self, lease: Lease) -> None:
        """Extend a lease that is held; afterwards `is_held` says whether it still is."""
        with lease._lock:
            started = self.clock()
            if not lease.is_held(started):
                return
            try:
                self._write(lease, lease._etag)
            except Conflict:
                lease._expires = 0.0
            except StoreUnavailable:
                self._look_again(lease, started)

    def release(self, lease: Lease) -> None:
        """Let another runner take the shard at once; a lost lease is left alone."""
        with lease._lock:
            lease._expires = 0.0
            try:
                self.store.delete(lease.key, expect=lease._etag)
            except (Conflict, StoreUnavailable):
                return  # another runner has it, or it expires

    def forget_others(self, keys: set[str]) -> None:
        """Forget all leases but these."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}

    def is_dead(self, key: str, etag: str) -> bool:
        """True once the lease was seen unchanged, in earlier calls, for its length."""
        now = self.clock()
        if self._seen.get(key, ("", 0.0))[0] != etag:
            self._seen[key] = (etag, now)
            return False
        return now - self._seen[key][1] >= self.length_s

    def _look_again(self, lease: Lease, started: float) -> None:
        """Find out whether a renewal took effect although its answer was lost."""
        try:
            found, etag = json_objects.load(self.store, lease.key, LeaseObject, "a damaged lease")
        except (KeyMissing, DamagedRecord, StoreUnavailable):
            return
        if found.holder == lease._holder:
            lease._etag, lease._expires = etag, started + self.length_s

    def _write(self, lease: Lease, expect: str) -> None:
        started = self.clock()
        # A new version each time: equal bytes may have equal etags.
        content = LeaseObject(holder=lease._holder, version=secrets.token_hex(16))
        lease._etag = json_objects.save(self.store, lease.key, content, expect)
        lease._expires = started + self.length_s
