"""The file of a pyramid: a header, a directory of all tiles, and the tiles.

    header      32 bytes, see `_HEADER`
    directory   16 bytes for each tile, see `_ENTRY`: level by level from scale factor 1,
                each level row by row
    tiles       JPEG or WebP files; those of one row of a level follow each other

Header and directory have a length that follows from the picture's size, so one read finds
all tiles, and one more reads a tile. Numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, NamedTuple

from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import JPEG, WEBP
from progimage.imaging.operation import Size
from progimage.imaging.tiles import TILE_PX, Tile, scale_factors, tile_counts

# Magic, width, height, side of a tile, format of the tiles, CRC-32 of the directory.
_HEADER = struct.Struct("<8sIIIII4x")
_MAGIC = b"PITILES1"
# Offset in the file, length and CRC-32 of a tile.
_ENTRY = struct.Struct("<QII")

_FORMATS = {1: JPEG, 2: WEBP}
_CODES = {form.name: code for code, form in _FORMATS.items()}


class Span(NamedTuple):
    """A part of the file: where it begins, and its length in bytes."""

    offset: int
    length: int


class Entry(NamedTuple):
    """Where a tile is in the file, and the CRC-32 of its bytes."""

    offset: int
    length: int
    crc: int


def directory_bytes(size: Size) -> int:
    """Return the length of header and directory for a picture of this size."""
    return _HEADER.size + _ENTRY.size * _level_starts(size)[-1]


class Directory:
    """The header and the directory of a pyramid, as read from the beginning of its file.

    Attributes:
        size: of the picture.
        form: the format of its tiles.
    """

    def __init__(self, data: bytes, size: Size) -> None:
        """Read `directory_bytes(size)` bytes.

        Raises:
            ValueError: they are damaged, or belong to a picture of another size.
        """
        if len(data) != directory_bytes(size):
            raise ValueError(f"a directory of {len(data)} bytes, not {directory_bytes(size)}")
        magic, width, height, tile_px, code, crc = _HEADER.unpack_from(data)
        if (magic, width, height, tile_px) != (_MAGIC, *size, TILE_PX) or code not in _FORMATS:
            raise ValueError("the header is not that of a pyramid of this picture")
        if zlib.crc32(memoryview(data)[_HEADER.size :]) != crc:
            raise ValueError("the directory is damaged")
        self.size = size
        self.form: Format = _FORMATS[code]
        self._data = data
        self._starts = dict(zip(scale_factors(size), _level_starts(size), strict=False))

    def entry(self, tile: Tile) -> Entry:
        """Return where a tile is.

        Raises:
            KeyError: the pyramid has no such level.
        """
        number = self._starts[tile.factor] + tile.y * tile_counts(self.size, tile.factor)[0]
        return Entry(
            *_ENTRY.unpack_from(self._data, _HEADER.size + _ENTRY.size * (number + tile.x))
        )

    def row(self, first: Tile, last_x: int) -> Span:
        """Return the part of the file with the tiles from `first` to column `last_x` of its row."""
        begin, end = self.entry(first), self.entry(first._replace(x=last_x))
        return Span(begin.offset, end.offset + end.length - begin.offset)


class ContainerWriter:
    """Writes the file of a pyramid, to which tiles are added in any order of rows.

    The file is whole after `finish`.

    Attributes:
        form: the format of the tiles.
    """

    def __init__(self, file: BinaryIO, size: Size, form: Format) -> None:
        self.form = form
        self._file = file
        self._size = size
        self._starts = dict(zip(scale_factors(size), _level_starts(size), strict=False))
        self._directory = bytearray(directory_bytes(size) - _HEADER.size)
        self._offset = directory_bytes(size)
        file.seek(self._offset)

    def add_row(self, factor: int, y: int, tiles: list[bytes]) -> None:
        """Append all tiles of one row of a level."""
        number = self._starts[factor] + y * len(tiles)
        for data in tiles:
            entry = (self._offset, len(data), zlib.crc32(data))
            _ENTRY.pack_into(self._directory, number * _ENTRY.size, *entry)
            self._file.write(data)
            self._offset += len(data)
            number += 1

    def finish(self) -> None:
        """Write header and directory."""
        header = _HEADER.pack(
            _MAGIC,
            *self._size,
            TILE_PX,
            _CODES[self.form.name],
            zlib.crc32(self._directory),
        )
        self._file.seek(0)
        self._file.write(header + self._directory)
        self._file.flush()


def _level_starts(size: Size) -> list[int]:
    """Return the number of each level's first tile, and at last the number of all tiles."""
    starts = [0]
    for factor in scale_factors(size):
        columns, rows = tile_counts(size, factor)
        starts.append(starts[-1] + columns * rows)
    return starts
