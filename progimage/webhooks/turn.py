"""Decides which one of all processes does a kind of work."""

from __future__ import annotations

from contextlib import suppress

from progimage.errors import KeyMissing, StoreError
from progimage.jobs.leases import Lease, Leases
from progimage.stores import ABSENT, ObjectStore


class Turn:
    """The lease on `key`, which one process has at a time.

    Args:
        leases: takes and renews it; only for this turn.
    """

    def __init__(self, store: ObjectStore, leases: Leases, key: str) -> None:
        self._store = store
        self._leases = leases
        self._key = key
        self._lease: Lease | None = None

    @property
    def is_held(self) -> bool:
        """True if this process has the lease, and no other can have it."""
        lease = self._lease
        return lease is not None and self._leases.holds(lease)

    def take(self) -> bool:
        """Take the lease if no other process has it; return True if this one has it then.

        Raises:
            StoreError: the lease could not be read or written.
        """
        if not self.is_held:
            try:
                current = self._store.stat(self._key).etag
            except KeyMissing:
                current = ABSENT
            self._lease = self._leases.take(self._key, current)
        return self._lease is not None

    def renew(self) -> None:
        """Make the lease last longer, if this process has it."""
        lease = self._lease
        if lease is not None:
            self._leases.renew(lease)

    def release(self) -> None:
        """Let another process have the lease at once."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with suppress(StoreError):
                self._leases.release(lease)
