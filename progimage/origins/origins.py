"""Find a picture of an origin: by its pointer, or by asking the origin.

    fresh     the pointer says which copy it is; the origin is not asked
    stale     the copy is served at once, and one node of all renews the pointer behind it
    unknown   the picture is fetched, under the limits and in the processes of an upload
    gone      the pointer and the copy go
    down      the stale copy serves until `stale_s` is over, then the origin's error does

An error is remembered for `missing_s` at most, and only in this process.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog

from progimage.config import Origin as OriginSettings
from progimage.errors import (
    OriginFailed,
    OriginMissing,
    Overloaded,
    PictureError,
    ProgImageError,
)
from progimage.lru import LockedLru
from progimage.model import Record
from progimage.origins.copies import Copies
from progimage.origins.fetch import Fetcher
from progimage.origins.pointers import Pointer, Pointers
from progimage.origins.sources.source import OriginDenied, missing
from progimage.renditions.single_flight import SingleFlight
from progimage.telemetry import metrics

log = structlog.get_logger()

_REMEMBERED_MISSING = 10_000
_MAX_KEY_BYTES = 1_024
# A node that died while it renewed a pointer is waited for no longer.
_RENEWAL_S = 60

State = Literal["hit", "stale", "renewed", "miss"]


@dataclass(frozen=True, slots=True)
class Found:
    """A picture of an origin.

    Attributes:
        record: of the copy, or of the picture in the library; its id is that of the bytes.
        pointer: what is known of the picture.
        state: how it was found.
        fresh_s: for how many seconds it is still fresh; 0 if it is stale.
    """

    record: Record
    pointer: Pointer
    state: State
    fresh_s: int


@dataclass(eq=False)
class Origin:
    """The pictures of one origin.

    Args:
        executor: runs renewals behind the answers.
    """

    name: str
    settings: OriginSettings
    pointers: Pointers
    copies: Copies
    fetcher: Fetcher
    executor: Executor
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _flights: SingleFlight = field(default_factory=SingleFlight, init=False)
    _missing: LockedLru[str, float] = field(
        default_factory=lambda: LockedLru(_REMEMBERED_MISSING), init=False
    )

    def find(self, key: str) -> Found:
        """Return the picture under `key`.

        Raises:
            OriginMissing: the origin has none, or none that may be served.
            OriginFailed: it is not known, or stale for too long, and the origin cannot answer.
            Overloaded: too many pictures are being fetched.
            PictureError: what the origin has is not a picture that can be used.
        """
        try:
            found = self._find(key)
        except OriginMissing:
            metrics.origin_picture(self.name, "missing")
            raise
        except OriginFailed:
            metrics.origin_picture(self.name, "failed")
            raise
        metrics.origin_picture(self.name, found.state)
        return found

    def _find(self, key: str) -> Found:
        self._check(key)
        return self._look(key) or self._fetch_once(key)

    def forget(self, key: str) -> None:
        """Forget a picture: its pointer, its copy and every rendition, on all nodes at once."""
        self._missing.pop(key)
        self.forget_copy(key)

    def may_serve(self, key: str) -> bool:
        """Return whether the settings allow `key`; its query does not count."""
        if self.settings.queries:
            key = key.partition("?")[0]
        allowed, denied = self.settings.allow, self.settings.deny
        return not any(fnmatch.fnmatchcase(key, glob) for glob in denied) and (
            not allowed or any(fnmatch.fnmatchcase(key, glob) for glob in allowed)
        )

    def _check(self, key: str) -> None:
        if len(key.encode()) > _MAX_KEY_BYTES or not self.may_serve(key):
            raise missing(key)
        until = self._missing.get(key)
        if until is not None and until > time.monotonic():
            raise missing(key)

    def _look(self, key: str) -> Found | None:
        """Return what is stored of the picture; None if the origin has to be asked first."""
        known = self.pointers.find(self.name, key)
        return self._known(key, *known) if known else None

    def _known(self, key: str, pointer: Pointer, etag: str) -> Found | None:
        """Return what the pointer leads to; None if the origin has to be asked first."""
        age = (self.clock() - pointer.checked).total_seconds()
        is_fresh = 0 <= age < pointer.fresh_s
        if not is_fresh and age >= pointer.fresh_s + self.settings.stale_s:
            return None
        record = self.copies.find(self.name, pointer.image_id)
        if record is None:
            return None  # the copy went, to make room
        if is_fresh:
            return Found(record, pointer, "hit", int(pointer.fresh_s - age))
        self._renew_behind(key, pointer, etag)
        return Found(record, pointer, "stale", 0)

    def _fetch_once(self, key: str) -> Found:
        """Fetch the picture, or wait for the request that is fetching it already."""
        while True:
            with self._flights.join(key) as leads:
                if leads:
                    return self._fetch(key)
            found = self._look(key)
            if found is not None:
                return found
            self._check(key)

    def _fetch(self, key: str) -> Found:
        known = self.pointers.find(self.name, key)
        pointer, etag = known or (None, None)
        # Without its copy, an unchanged picture has to be sent again.
        if pointer and self.copies.find(self.name, pointer.image_id) is None:
            pointer = None
        try:
            fetched, record = self.fetcher.fetch(key, pointer)
        except OriginMissing:
            self._note_missing(key)
            raise
        except OriginDenied:
            # The copy is too old to be served, so nothing speaks against its being gone.
            self._note_missing(key)
            raise missing(key) from None
        self.pointers.write(self.name, fetched, etag)
        record = record or self.copies.find(self.name, fetched.image_id)
        if record is None:
            raise Overloaded("the copy of this picture was just removed; try again")
        return Found(record, fetched, "renewed" if pointer else "miss", fetched.fresh_s)

    def _note_missing(self, key: str) -> None:
        self._missing.put(key, time.monotonic() + self.settings.missing_s)
        self.forget_copy(key)

    def forget_copy(self, key: str) -> None:
        """Remove the pointer and the copy of a picture that the origin no longer has."""
        known = self.pointers.find(self.name, key)
        if known is not None:
            self.pointers.remove(self.name, key)
            self.copies.remove(self.name, known[0].image_id)

    def _renew_behind(self, key: str, pointer: Pointer, etag: str) -> None:
        """Renew the pointer in the background, unless a node is doing so already."""
        now = self.clock()
        if pointer.renewing and now - pointer.renewing < timedelta(seconds=_RENEWAL_S):
            return
        claimed = pointer.model_copy(update={"renewing": now})
        etag_of_claim = self.pointers.write(self.name, claimed, etag)
        if etag_of_claim is not None:
            self.executor.submit(self._renew, key, claimed, etag_of_claim)

    def _renew(self, key: str, pointer: Pointer, etag: str) -> None:
        try:
            fetched, _ = self.fetcher.fetch(key, pointer)
        except OriginMissing:
            self._note_missing(key)
        except (OriginFailed, Overloaded, PictureError) as error:
            log.warning("an origin's picture was not renewed", origin=self.name, reason=str(error))
        except ProgImageError as error:
            log.warning("a renewal failed", origin=self.name, reason=str(error))
        else:
            self.pointers.write(self.name, fetched, etag)
            if fetched.image_id != pointer.image_id:
                self.copies.remove(self.name, pointer.image_id)


Origins = Mapping[str, Origin]
