"""The working copies of one store: their keys, and how they are written.

A copy is written after the record of its picture. A removal first marks the record and then
removes the copies. After writing a copy, the writer reads the record again and removes the copy
if the picture is gone. So one of the two always sees the other. Only a crash between the two
steps leaves a copy without a picture, which `progimage check --repair` and `progimage gc`
remove.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from io import BytesIO
from pathlib import Path
from threading import Lock

import structlog

from progimage import keys
from progimage.errors import ProgImageError
from progimage.imaging.codecs.formats import JPEG, VECTOR_TYPES
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.working_copies import copy_size_for, copy_sizes
from progimage.library.library import Library
from progimage.model import Record
from progimage.stores import ObjectStore

_MEDIA_TYPE = "application/octet-stream"

MOST_WAITING_BYTES = 32 << 20
"""Of copies in memory that are stored in the background."""

Content = Path | bytes
"""A copy, or a file that holds one."""

log = structlog.get_logger()


class WorkingCopies:
    """Keeps working copies in a store.

    Args:
        px: the long side of a picture's largest copy, in pixels; 0 for no copies.
        executor: writes copies in the background; without it `store_all` waits.
    """

    def __init__(
        self, store: ObjectStore, library: Library, px: int, executor: Executor | None = None
    ) -> None:
        self._store = store
        self._library = library
        self._executor = executor
        self._waiting_bytes = 0
        self._lock = Lock()
        self.px = px

    def sizes(self, record: Record) -> tuple[Size, ...]:
        """Return the sizes of a picture's working copies, the largest first."""
        if not _may_have_copies(record):
            return ()
        return copy_sizes((record.width, record.height), self.px, is_jpeg=_is_jpeg(record))

    def size_for(self, record: Record, pipeline: Pipeline) -> Size | None:
        """Return the size of the copy that a rendition is made from; None for the original."""
        if not _may_have_copies(record):
            return None
        size = record.width, record.height
        return copy_size_for(pipeline, size, self.px, is_jpeg=_is_jpeg(record))

    def key(self, record: Record, size: Size) -> str:
        """Return the store key of the copy of that size, whether or not it exists."""
        return keys.working_copy(record.id, record.generation, self.px, size)

    def store_all(
        self, record: Record, files: Mapping[Size, Content], done: Callable[[], None] = lambda: None
    ) -> None:
        """Store copies and remove their files, in the background where there is an executor.

        It is not left to the background where too much memory waits there already, so that
        renders are no faster than a slow store.

        Args:
            done: called afterwards, also if they cannot be stored.
        """
        held = sum(len(file) for file in files.values() if isinstance(file, bytes))

        def end() -> None:
            with self._lock:
                self._waiting_bytes -= held
            done()

        with self._lock:
            self._waiting_bytes += held
            is_full = held > 0 and self._waiting_bytes > MOST_WAITING_BYTES
        if self._executor is None or is_full:
            try:
                self._store_and_remove(record, files)
            finally:
                end()
            return
        try:
            future = self._executor.submit(self._store_and_remove, record, files)
        except RuntimeError:
            # The executor is shut down, since the process ends: others make the copies.
            for file in files.values():
                _remove(file)
            end()
            return
        future.add_done_callback(lambda _: end())

    def store(self, record: Record, size: Size, file: Content) -> None:
        """Store one copy; remove it again if the picture was removed meanwhile.

        Copies are disposable: a store that does not answer is logged and costs only time.
        """
        key = self.key(record, size)
        try:
            with file.open("rb") if isinstance(file, Path) else BytesIO(file) as source:
                self._store.put(key, source, media_type=_MEDIA_TYPE)
            if not self._library.records.is_current(record):
                self._store.delete(key)
        except ProgImageError as error:
            log.warning("working copy not stored", key=key, reason=str(error))

    def _store_and_remove(self, record: Record, files: Mapping[Size, Content]) -> None:
        for size, file in files.items():
            try:
                self.store(record, size, file)
            finally:
                _remove(file)


def _remove(file: Content) -> None:
    if isinstance(file, Path):
        file.unlink(missing_ok=True)


def _may_have_copies(record: Record) -> bool:
    is_drawing = record.media_type in VECTOR_TYPES
    return record.frames == 1 and not record.damaged and not is_drawing


def _is_jpeg(record: Record) -> bool:
    return record.media_type == JPEG.media_type
