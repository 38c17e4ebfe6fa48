"""A store that looks for its marker, so that a store that is gone never looks empty."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from progimage import keys
from progimage.errors import ConfigError, KeyMissing, StoreUnavailable
from progimage.stores.marker import StoreMarker, check_format, read_marker
from progimage.stores.object_store import HasLocalPath, ObjectStore, Stat
from progimage.stores.wrapper import StoreWrapper

T = TypeVar("T")

# A look at a local file costs microseconds; elsewhere it is a request.
_TRUST_S = 30.0


class GuardedStore(StoreWrapper):
    """A store whose calls fail with `StoreUnavailable` while its marker is not there.

    The marker is checked before each call, and again before an object is reported missing or a
    listing ends. Where a check is a request, its result counts for 30 seconds.
    """

    def __init__(
        self,
        store: ObjectStore,
        marker: StoreMarker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(store)
        self._marker = marker
        self._clock = clock
        self._trust_s = 0.0 if isinstance(store, HasLocalPath) else _TRUST_S
        self._looked = float("-inf")
        self._etag = ""

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._guarded(self._store.list(prefix, after))

    def _guarded(self, found: Iterator[Stat]) -> Iterator[Stat]:
        self._look()
        yield from found
        self._look()

    def _call(self, _operation: str, act: Callable[[], T]) -> T:
        self._look()
        try:
            return act()
        except KeyMissing:
            self._look()
            raise

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < self._trust_s:
            return
        try:
            etag = self._store.stat(keys.STORE_MARKER).etag
        except KeyMissing:
            raise StoreUnavailable(
                "the store is gone: its marker is missing where it was when this process started"
            ) from None
        if etag != self._etag:
            self._compare()
            self._etag = etag
        self._looked = now

    def _compare(self) -> None:
        try:
            marker = read_marker(self._store)
            if marker is not None:
                check_format(marker)
        except ConfigError as error:
            raise StoreUnavailable(str(error)) from None
        if marker is None or marker.id != self._marker.id:
            raise StoreUnavailable(
                "another store is where this process started with its own; restart it if that "
                "is as it should be"
            )
