"""Fetch a picture from its origin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from progimage.access.admission import Admission
from progimage.config import Origin as OriginSettings
from progimage.errors import OriginMissing, PictureTooLarge
from progimage.ingest.ingest import Ingest
from progimage.ingest.source import Source
from progimage.model import Metadata, Record
from progimage.origins.copies import owner_of
from progimage.origins.pointers import Pointer
from progimage.origins.reachability import Reachability
from progimage.origins.sources.source import OriginSource, Unchanged
from progimage.telemetry import metrics

StoreFetched = Callable[[Source, str], Record]
"""Stores the bytes of the picture under a key of the origin, and returns its record."""


def into_copies(name: str, settings: OriginSettings, ingest: Ingest) -> StoreFetched:
    """Return the function that stores pictures of an origin among the copies.

    Args:
        ingest: over the copies; its limits are those of an upload.
    """
    metadata, owner = Metadata(visibility=settings.visibility), owner_of(name)

    def store_fetched(stream: Source, key: str) -> Record:
        with ingest.receive(stream, key.rpartition("/")[2]) as staged:
            return ingest.add(staged, metadata, owner)[0]

    return store_fetched


@dataclass(eq=False)
class Fetcher:
    """Fetches the pictures of one origin.

    Args:
        store_fetched: stores what was fetched.
        admission: the places for fetches of this process.
        reachability: knows whether the origin answers.
    """

    name: str
    settings: OriginSettings
    source: OriginSource
    store_fetched: StoreFetched
    admission: Admission
    reachability: Reachability
    clock: Callable[[], datetime]

    def fetch(self, key: str, known: Pointer | None = None) -> tuple[Pointer, Record | None]:
        """Ask the origin; return the new pointer, and the record unless nothing changed.

        Args:
            known: the pointer, if there is one; the origin then sends only a changed picture.

        Raises:
            OriginMissing, OriginFailed: the origin has none, or cannot answer now.
            Overloaded: too many pictures are being fetched.
            PictureError: what it sent is not a picture that can be used.
        """
        started, outcome = perf_counter(), "failed"
        try:
            with self.reachability.asking(), self.admission.admit():
                pointer, record = self._ask(key, known)
            outcome = "unchanged" if record is None else "new"
        except OriginMissing:
            outcome = "missing"
            raise
        finally:
            metrics.origin_fetch(self.name, outcome, perf_counter() - started)
        return pointer, record

    def _ask(self, key: str, known: Pointer | None) -> tuple[Pointer, Record | None]:
        with self.source.open(key, known.version if known else "") as answer:
            if isinstance(answer, Unchanged) and known is not None:
                changes = {
                    "checked": self.clock(),
                    "fresh_s": fresh_s(self.settings, answer.max_age_s),
                    "renewing": None,
                }
                return known.model_copy(update=changes), None
            assert not isinstance(answer, Unchanged)  # noqa: S101  # it answers a condition only
            record = self.store_fetched(_Limited(answer.stream, self.settings.max_bytes), key)
        pointer = Pointer(
            key=key,
            version=answer.name,
            image_id=record.id,
            modified=answer.modified,
            checked=self.clock(),
            fresh_s=fresh_s(self.settings, answer.max_age_s),
        )
        return pointer, record


def fresh_s(settings: OriginSettings, max_age_s: int | None) -> int:
    """Return for how long a picture counts as fresh.

    Args:
        max_age_s: what its origin asks for, None if it does not say.
    """
    if max_age_s is None or not settings.respect_cache_control:
        return settings.fresh_s
    return max(settings.fresh_min_s, min(max_age_s, settings.fresh_max_s))


class _Limited:
    """A stream that fails after `max_bytes`, even if a smaller length was announced."""

    def __init__(self, stream: Source, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes
        self._max_bytes = max_bytes

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise PictureTooLarge(
                f"the origin's picture has more than {self._max_bytes:,} bytes "
                "(origins.<name>.max_bytes)"
            )
        return data
