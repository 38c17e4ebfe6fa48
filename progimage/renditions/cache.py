"""The rendition cache: renditions in the store, with copies on the node's disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.imaging.codecs.format import Format
from progimage.imaging.render import Rendered
from progimage.renditions.cache_budget import Allows
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.stores import ObjectStore, Reader, Verifiable
from progimage.stores.bytes_reader import BytesReader
from progimage.stores.folder.reader import FileReader
from progimage.stores.temp_files import TemporaryReader

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
    """The renditions that a store holds; some have a copy on this node's disk."""

    def __init__(
        self, store: ObjectStore, copies: DiskCache | None, allows: Allows = lambda _: True
    ) -> None:
        self._store = store
        self._copies = copies
        self._allows = allows

    def find(self, key: str, form: Format, *, is_public: bool) -> Rendition | None:
        """Return the rendition under `key`, None if it is not there or damaged."""
        try:
            reader = self._copies.open(key) if self._copies else self._store.open(key)
        except KeyMissing:
            return None
        try:
            is_whole = reader.stat.size > 0 and (
                not isinstance(reader, Verifiable) or reader.verify()
            )
        except BaseException:
            reader.close()
            raise
        if is_whole:
            return Rendition(reader, form, key, is_public)
        reader.close()
        log.warning("damaged rendition is made again", key=key)
        return None

    def store(
        self,
        key: str,
        form: Format,
        reader: TemporaryReader | BytesReader,
        is_current: Callable[[], bool],
    ) -> bool:
        """Store a rendition that was just made, unless it is no longer `is_current`.

        Returns False if it is not. Otherwise the reader is at its first byte again.
        """
        if not self._allows(reader.stat.size):
            return is_current()
        moment = self._copies.moment() if self._copies else None
        stat = None
        try:
            stat = self._store.put(key, reader.file, media_type=form.media_type)
        except StoreUnavailable as error:
            # The rendition is made: without the cache only the next request is slower.
            log.warning("rendition not cached", key=key, reason=str(error))
        # The record is read again after the put: hiding or removing a picture changes the
        # record first and purges after that, so one of the two sees the other.
        if not is_current():
            self._store.delete(key)
            return False
        if self._copies and moment and stat:
            self._copies.add(stat, reader.file, moment)
        reader.file.seek(0)
        return True

    def narrow(self, rendition: Rendition, start: int, length: int | None) -> Reader:
        """Return a reader of `length` bytes from `start` in place of the rendition's own."""
        if start == 0 and length is None:
            return rendition.reader
        if isinstance(rendition.reader, FileReader):
            rendition.reader.narrow(start, length)
            return rendition.reader
        if isinstance(rendition.reader, BytesReader):
            return rendition.reader.narrowed(start, length)
        rendition.reader.close()
        return self._store.open(rendition.reader.stat.key, start, length)
