"""Quotas: how many pictures and bytes an account may have.

The object `usage/<owner>.json` counts what an account has, with its own limits if it has any.
An upload adds to it, by compare-and-swap, before the picture is stored, and a removal subtracts
when it has marked the record. So uploads at the same time cannot exceed the quota together. A
process that dies in between leaves a wrong count. Therefore, before an upload is rejected, the
pictures of the account are counted again from the index and the trash. Uploads that were running
during such a count are added again at their end. So the quota can be exceeded by the number of
uploads that were running, and the count is never too low for long.

Pictures without an owner have no quota.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from progimage.config import Quota
from progimage.errors import (
    Conflict,
    KeyMissing,
    Overloaded,
    QuotaExceeded,
)
from progimage.library import owner_keys, trash
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import Viewer
from progimage.stores import ABSENT, ObjectStore, json_objects
from progimage.stores.json_objects import JsonObject

_ATTEMPTS = 20
_LOCKS = 16
# A client that keeps sending to a full account causes no more counting than this.
_COUNTS_AGAIN_AFTER_S = 60.0


class Usage(JsonObject):
    """What an account has, and its own limits: 0 for none, None for those of the settings.

    Attributes:
        counts: how often the pictures were counted again.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    noun: ClassVar[str] = "account"

    pictures: int = 0
    size_bytes: int = 0
    max_pictures: int | None = None
    max_size_bytes: int | None = None
    counts: int = 0

    def plus(self, pictures: int, size_bytes: int) -> Usage:
        """Return the usage with more pictures, or fewer, but never below 0."""
        return self.model_copy(
            update={
                "pictures": max(0, self.pictures + pictures),
                "size_bytes": max(0, self.size_bytes + size_bytes),
            }
        )


@dataclass(slots=True)
class Reservation:
    """A picture that is counted; set `is_used` once it is stored."""

    is_used: bool = False


class Quotas:
    """Counts and limits the pictures of accounts."""

    def __init__(self, store: ObjectStore, index: Index, settings: Quota) -> None:
        self._store = store
        self._index = index
        self._settings = settings
        # Threads of one process take turns, instead of losing swaps to each other.
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._counted: dict[str, float] = {}

    def usage(self, owner: str) -> Usage:
        """Return what an account has, with the limits that hold for it (0 for none)."""
        return self._with_limits(self._load(owner)[0])

    def check(self, owner: str, size_bytes: int) -> None:
        """Raise `QuotaExceeded` if there is no room for a picture of so many bytes."""
        if owner and not self._has_room(self._load(owner)[0], size_bytes):
            self._reject_or_count(owner, size_bytes)

    @contextmanager
    def reserved(self, owner: str, size_bytes: int) -> Iterator[Reservation]:
        """Count a picture of an account while it is stored.

        It stays counted if `is_used` is set once the picture is stored.

        Raises:
            QuotaExceeded: there is no room for it.
        """
        reservation = Reservation()
        if not owner:
            yield reservation
            return
        counts = self._reserve(owner, size_bytes).counts
        try:
            yield reservation
        finally:
            # A new count may have dropped the reservation.
            is_counted = self._load(owner)[0].counts == counts
            if is_counted and not reservation.is_used:
                self.release(owner, size_bytes)
            elif reservation.is_used and not is_counted:
                self._change(owner, lambda usage: usage.plus(1, size_bytes))

    def release(self, owner: str, size_bytes: int) -> None:
        """Subtract a picture from the count of an account."""
        if owner:
            self._change(owner, lambda usage: usage.plus(-1, -size_bytes))

    def set_limits(self, owner: str, limits: Mapping[str, int | None]) -> Usage:
        """Give an account limits of its own.

        Args:
            limits: `max_pictures`, `max_size_bytes` or both: 0 for none, None for that of the
                settings.
        """
        changed = self._change(owner, lambda usage: usage.model_copy(update=limits))
        return self._with_limits(changed)

    def count(self, owner: str) -> Usage:
        """Count the pictures of an account again, with those in the trash."""
        with self._lock_of(owner):
            return self._with_limits(self._count(owner))

    def _reserve(self, owner: str, size_bytes: int) -> Usage:
        def add(usage: Usage) -> Usage:
            if not self._has_room(usage, size_bytes):
                self._reject_or_count(owner, size_bytes)
            return usage.plus(1, size_bytes)

        return self._change(owner, add)

    def _reject_or_count(self, owner: str, size_bytes: int) -> None:
        """Raise `QuotaExceeded`, unless a new count shows that there is room after all."""
        now = time.monotonic()
        usage = self._load(owner)[0]
        if now - self._counted.get(owner, -_COUNTS_AGAIN_AFTER_S) >= _COUNTS_AGAIN_AFTER_S:
            self._counted[owner] = now
            usage = self._count(owner)
        if not self._has_room(usage, size_bytes):
            raise self._exceeded(owner, usage, size_bytes)

    def _change(self, owner: str, change: Callable[[Usage], Usage]) -> Usage:
        with self._lock_of(owner):
            for _ in range(_ATTEMPTS):
                usage, etag = self._load(owner)
                changed = change(usage)
                try:
                    json_objects.save(self._store, owner_keys.usage(owner), changed, etag)
                except Conflict:
                    continue
                return changed
        raise Overloaded(f"many other requests change the usage of {owner!r}; try again")

    def _count(self, owner: str) -> Usage:
        for _ in range(_ATTEMPTS):
            try:
                usage, etag = self._read(owner)
            except KeyMissing:
                usage, etag = Usage(), ABSENT
            numbers = {**self._counts(owner), "counts": usage.counts + 1}
            counted = usage.model_copy(update=numbers)
            try:
                json_objects.save(self._store, owner_keys.usage(owner), counted, etag)
            except Conflict:
                continue
            return counted
        raise Overloaded(f"{owner!r} keeps uploading while its pictures are counted; try again")

    def _counts(self, owner: str) -> dict[str, int]:
        """Return the numbers that the index and the trash have for an account."""
        sizes = [
            record.size_bytes
            for wave in Catalogue(self._index).every(Viewer(name=owner), Query(owner=owner))
            for record in wave
        ]
        sizes += [record.size_bytes for _, record in trash.listed(self._store, owner)]
        return {"pictures": len(sizes), "size_bytes": sum(sizes)}

    def _load(self, owner: str) -> tuple[Usage, str]:
        """Return the count of an account with its etag; it is counted if it was never before."""
        try:
            return self._read(owner)
        except KeyMissing:
            self._count(owner)
            return self._read(owner)

    def _read(self, owner: str) -> tuple[Usage, str]:
        complaint = f"the count of the pictures of {owner!r} is damaged; its operator can remove it"
        return json_objects.load(self._store, owner_keys.usage(owner), Usage, complaint)

    def _lock_of(self, owner: str) -> threading.Lock:
        return self._locks[hash(owner) % _LOCKS]

    def _with_limits(self, usage: Usage) -> Usage:
        """Return the usage with the limits that hold."""
        defaults = {
            "max_pictures": self._settings.max_pictures,
            "max_size_bytes": self._settings.max_size_bytes,
        }
        own = {name: getattr(usage, name) for name in defaults}
        return usage.model_copy(
            update={n: defaults[n] if limit is None else limit for n, limit in own.items()}
        )

    def _has_room(self, usage: Usage, size_bytes: int) -> bool:
        held, after = self._with_limits(usage), usage.plus(1, size_bytes)
        fits = not held.max_pictures or after.pictures <= held.max_pictures
        return fits and (not held.max_size_bytes or after.size_bytes <= held.max_size_bytes)

    def _exceeded(self, owner: str, usage: Usage, size_bytes: int) -> QuotaExceeded:
        held = self._with_limits(usage)
        limits = [f"{held.max_pictures:,} pictures"] if held.max_pictures else []
        limits += [f"{held.max_size_bytes:,} bytes"] if held.max_size_bytes else []
        return QuotaExceeded(
            f"the account {owner!r} may have {' and '.join(limits)}; it has {usage.pictures:,} "
            f"pictures with {usage.size_bytes:,} bytes, and this one has {size_bytes:,} bytes; "
            "delete pictures, also from the trash, or ask the operator for more"
        )


def open_quotas(store: ObjectStore, index: Index, settings: Quota) -> Quotas | None:
    """Return the quotas, None if they are off."""
    return Quotas(store, index, settings) if settings.enabled else None
