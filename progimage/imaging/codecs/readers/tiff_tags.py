"""The tags of a TIFF's pages: classic and BigTIFF, of either byte order.

Source: TIFF 6.0, section 2; BigTIFF (libtiff, "The BigTIFF File Format").
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from progimage.errors import CorruptPicture

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_ENTRIES = 1_000
_MAX_BYTES = 16 * 1024 * 1024
_MAX_BYTES_OF_ALL = 64 * 1024 * 1024
_MAX_PAGES = 2_000
_VERSION_OR_MASK = 1 | 4

SUBFILE_TYPE, WIDTH, HEIGHT = 254, 256, 257
BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION = 258, 259, 262, 274
STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES = 273, 279, 324, 325
SAMPLES, PLANAR, TILE_WIDTH, TILE_HEIGHT, EXTRA, FORMAT = 277, 284, 322, 323, 338, 339
PREDICTOR, JPEG_TABLES = 317, 347
ROWS_PER_STRIP, XMP, IPTC, PHOTOSHOP, ICC, EXIF, GPS = 278, 700, 33723, 34377, 34675, 34665, 34853


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a page: the bytes of each, and how to read them."""

    order: str
    is_big: bool
    values: dict[int, tuple[int, bytes]]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the whole numbers of a tag; none if it is absent or of another type."""
        kind, data = self.values.get(tag, (0, b""))
        if kind not in _NUMBERS:
            return ()
        count = len(data) // _SIZES[kind]
        return struct.unpack(f"{self.order}{count}{_NUMBERS[kind]}", data[: count * _SIZES[kind]])

    def number(self, tag: int, default: int) -> int:
        """Return the first number of a tag."""
        return next(iter(self.numbers(tag)), default)

    @property
    def end(self) -> int:
        """Where the last strip or tile of the page ends in the file."""
        offsets = self.numbers(STRIP_OFFSETS) or self.numbers(TILE_OFFSETS)
        counts = self.numbers(STRIP_BYTES) or self.numbers(TILE_BYTES)
        return max((sum(place) for place in zip(offsets, counts, strict=False)), default=0)

    def data(self, tag: int) -> bytes:
        """Return the bytes of a tag."""
        return self.values.get(tag, (0, b""))[1]


def read_tags(data: bytes, start: int = 0) -> Tags:
    """Return the tags of the first page, or of the directory at `start`.

    Raises:
        CorruptPicture: there is no page.
    """
    return _directory(data, start)[0]


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """A page: its place among all directories of the file, from 0, and where it starts."""

    number: int
    start: int


def read_pages(data: bytes) -> list[PlacedPage]:
    """Return the pages of a file: all directories but smaller versions and masks of a page.

    The first directory is always a page. Source: TIFF 6.0, section 8 (NewSubfileType).

    Raises:
        CorruptPicture: there is no page.
    """
    pages: list[PlacedPage] = []
    seen: set[int] = set()
    start = 0
    for number in range(_MAX_PAGES):
        tags, following = _directory(data, start, only=(WIDTH, SUBFILE_TYPE))
        if not pages or (tags.values and not tags.number(SUBFILE_TYPE, 0) & _VERSION_OR_MASK):
            pages.append(PlacedPage(number, start))
        if not following or following in seen or following >= len(data):
            break
        seen.add(following)
        start = following
    return pages


def _directory(data: bytes, start: int, only: Collection[int] | None = None) -> tuple[Tags, int]:
    """Return the tags of the directory at `start`, or of the first, and where the next is.

    Values outside of the file, and those of other tags than `only`, are left out.
    """
    room = _MAX_BYTES_OF_ALL
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    pointer, count_code, entry_bytes, inline = ("Q", "Q", 20, 8) if is_big else ("I", "H", 12, 4)
    values: dict[int, tuple[int, bytes]] = {}
    following = 0
    is_first = not start
    try:
        if is_first:
            [start] = struct.unpack_from(order + pointer, data, 8 if is_big else 4)
        [count] = struct.unpack_from(order + count_code, data, start)
        start += struct.calcsize(count_code)
        for number in range(min(count, _MAX_ENTRIES)):
            at = start + number * entry_bytes
            tag, kind, length = struct.unpack_from(f"{order}HH{pointer}", data, at)
            if only and tag not in only:
                continue
            size = length * _SIZES.get(kind, 0)
            place = at + entry_bytes - inline
            if size > inline:
                [place] = struct.unpack_from(order + pointer, data, place)
            if 0 < size <= min(_MAX_BYTES, room) and place + size <= len(data):
                values.setdefault(tag, (kind, data[place : place + size]))
                room -= size
        [following] = struct.unpack_from(order + pointer, data, start + count * entry_bytes)
    except (struct.error, OverflowError):
        if is_first and not values:
            raise CorruptPicture(
                "the TIFF's directory is outside of the file; send a whole one"
            ) from None
    return Tags(order, is_big, values), following


def exif_block(tags: Tags, data: bytes) -> bytes:
    """Return the EXIF part of a TIFF's tags as a separate block.

    That is the camera's and author's text fields, and the EXIF and GPS directories. A
    BigTIFF has none here: Pillow cannot write its pointers.
    """
    if tags.is_big:
        return b""
    from PIL import Image  # noqa: PLC0415 - so that reading tags alone needs no Pillow

    block = Image.Exif()
    block.load(b"Exif\0\0" + data)
    for tag in set(block) - _EXIF_TAGS:
        del block[tag]
    block.get_ifd(EXIF)
    block.get_ifd(GPS)
    return block.tobytes() if len(block) else b""


# Description, make, model, dates, software, artist, copyright, resolution, and pointers.
_EXIF_TAGS = {270, 271, 272, 282, 283, 296, 305, 306, 315, 33432, ORIENTATION, EXIF, GPS}
