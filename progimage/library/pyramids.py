"""The pyramids of one store: their keys, and how they are written and read.

A pyramid is stored beside the working copies of its picture, so it is copied and removed together
with them. It is written after the record, and the record is read again afterwards, as
`working_copies` explains. Its directory is remembered; a tile is then one read of the store.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import structlog

from progimage import keys
from progimage.errors import KeyMissing, StoreFull
from progimage.imaging.codecs.format import Format
from progimage.imaging.pyramids.container import Directory, directory_bytes
from progimage.imaging.pyramids.rendering import StoredTile
from progimage.imaging.tiles import Tile
from progimage.library.library import Library
from progimage.lru import LockedLru
from progimage.model import Record
from progimage.stores import ObjectStore

_MEDIA_TYPE = "application/octet-stream"

# The directory of a gigapixel takes 80 kB.
_REMEMBERED = 200

log = structlog.get_logger()


class StoredTiles(NamedTuple):
    """Tiles that were copied into a file: where each is, row by row, and their format."""

    rows: tuple[tuple[StoredTile, ...], ...]
    form: Format


class Pyramids:
    """Keeps pyramids in a store."""

    def __init__(
        self, store: ObjectStore, library: Library, has_room: Callable[[int], bool]
    ) -> None:
        self._has_room = has_room
        self._store = store
        self._library = library
        self._directories: LockedLru[str, Directory] = LockedLru(_REMEMBERED)

    def tile(self, record: Record, tile: Tile) -> tuple[bytes, Format] | None:
        """Return the bytes of a tile and their format; None if there is no pyramid.

        A pyramid that turns out to be damaged is removed.
        """
        key = keys.pyramid(record.id, record.generation)
        for directory in self._attempts(record):
            entry = directory.entry(tile)
            data = self._read(key, entry.offset, entry.length)
            if data is not None and zlib.crc32(data) == entry.crc:
                return data, directory.form
        return None

    def copy_tiles(
        self, record: Record, rows: Sequence[Sequence[Tile]], file: BinaryIO
    ) -> StoredTiles | None:
        """Append tiles to a file, one read of the store for each row; None without a pyramid."""
        key = keys.pyramid(record.id, record.generation)
        for directory in self._attempts(record):
            file.seek(0)
            file.truncate()
            stored = [self._copy_row(key, directory, row, file) for row in rows]
            if all(stored):
                return StoredTiles(tuple(map(tuple, stored)), directory.form)
        return None

    def has(self, record: Record) -> bool:
        """Return whether a picture has a whole pyramid."""
        return self._directory(record, is_fresh=True) is not None

    def store(self, record: Record, file: Path) -> None:
        """Store a pyramid; remove it again if the picture was removed meanwhile.

        Raises:
            StoreUnavailable: it could not be stored.
            StoreFull: it would take the space that has to stay free.
        """
        key = keys.pyramid(record.id, record.generation)
        if not self._has_room(file.stat().st_size):
            raise StoreFull("the disk has no room for the tiles of this picture")
        with file.open("rb") as source:
            self._store.put(key, source, media_type=_MEDIA_TYPE)
        self._directories.pop(key)
        if not self._library.records.is_current(record):
            self._store.delete(key)

    def _attempts(self, record: Record) -> Iterator[Directory]:
        """Yield the directory from memory, then a fresh one; if neither is right, remove both."""
        for is_fresh in (False, True):
            directory = self._directory(record, is_fresh=is_fresh)
            if directory is None:
                return
            yield directory
        self._remove_damaged(keys.pyramid(record.id, record.generation))

    def _directory(self, record: Record, *, is_fresh: bool) -> Directory | None:
        """Return a picture's directory, from memory unless it must be `is_fresh`."""
        key, size = keys.pyramid(record.id, record.generation), (record.width, record.height)
        known = None if is_fresh else self._directories.get(key)
        if known is not None:
            return known
        self._directories.pop(key)
        data = self._read(key, 0, directory_bytes(size))
        if data is None:
            return None
        try:
            directory = Directory(data, size)
        except ValueError:
            self._remove_damaged(key)
            return None
        self._directories.put(key, directory)
        return directory

    def _copy_row(
        self, key: str, directory: Directory, row: Sequence[Tile], file: BinaryIO
    ) -> list[StoredTile]:
        """Append tiles that follow each other; return where they are, none if one is damaged."""
        span = directory.row(row[0], row[-1].x)
        data = self._read(key, span.offset, span.length) or b""
        begin, stored = file.tell() - span.offset, []
        for tile in row:
            entry = directory.entry(tile)
            start = entry.offset - span.offset
            if zlib.crc32(data[start : start + entry.length]) != entry.crc:
                return []
            stored.append(StoredTile(begin + entry.offset, entry.length))
        file.write(data)
        return stored

    def _read(self, key: str, offset: int, length: int) -> bytes | None:
        try:
            with self._store.open(key, offset, length) as reader:
                return reader.read()
        except KeyMissing:
            return None

    def _remove_damaged(self, key: str) -> None:
        log.warning("damaged pyramid is made again", key=key)
        self._directories.pop(key)
        self._store.delete(key)
