"""Renditions that were made before: found in the store, kept there, opened in part."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.imaging.formats import Format
from progimage.imaging.render import Rendered
from progimage.scratch import TemporaryReader
from progimage.stores import ObjectStore, Reader

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition ready to be served.

    `reader` is open at the first byte and belongs to the caller; `key` is where the
    store holds the bytes, or None if it does not; `timings` is None on a cache hit.
    """

    reader: Reader
    format: Format
    key: str | None
    is_public: bool
    timings: Rendered | None = None


class RenditionCache:
    """The renditions that a store holds."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def find(self, key: str, form: Format, *, is_public: bool) -> Rendition | None:
        """Return the rendition under `key`, None if it is not there."""
        try:
            return Rendition(self._store.open(key), form, key, is_public)
        except KeyMissing:
            return None

    def keep(self, key: str, form: Format, reader: TemporaryReader) -> None:
        """Store what was just made; the reader is at its first byte again afterwards."""
        try:
            self._store.put(key, reader.file, media_type=form.media_type)
        except StoreUnavailable as error:
            # The picture is made; a cache that is full or away only costs the next
            # request its hit.
            log.warning("rendition not cached", key=key, reason=str(error))
        reader.file.seek(0)

    def discard(self, key: str) -> None:
        """Take a rendition back."""
        self._store.delete(key)

    def narrow(self, rendition: Rendition, start: int, length: int | None) -> Reader:
        """Return a reader of `length` bytes from `start` in place of the rendition's own."""
        if start == 0 and length is None:
            return rendition.reader
        if isinstance(rendition.reader, TemporaryReader):
            rendition.reader.narrow(start, length)
            return rendition.reader
        rendition.reader.close()
        return self._store.open(rendition.reader.stat.key, start, length)
