"""The boxes of AVIF and HEIC that Pillow does not report.

Source: ISO/IEC 14496-12 (boxes, edit lists), ISO/IEC 23008-12 (items), AVIF 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_CONTAINERS = (
    b"jp2h",
    b"meta",
    b"iprp",
    b"ipco",
    b"moov",
    b"trak",
    b"edts",
    b"mdia",
    b"minf",
    b"stbl",
)
_MAX_BOXES = 10_000
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Box:
    """A box: where it is among the others, and where its content is."""

    path: tuple[bytes, ...]
    start: int
    end: int


def boxes(data: bytes) -> Iterator[Box]:
    """Yield the boxes of a file, those inside of others as well, up to a reasonable number."""
    left = [_MAX_BOXES]
    yield from _boxes(data, 0, len(data), (), left)


def _boxes(
    data: bytes, start: int, end: int, path: tuple[bytes, ...], left: list[int]
) -> Iterator[Box]:
    while start + 8 <= end and left[0] > 0 and len(path) < _MAX_DEPTH:
        left[0] -= 1
        size = int.from_bytes(data[start : start + 4], "big")
        kind = data[start + 4 : start + 8]
        header = 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        stop = end if size == 0 else min(start + size, end)
        if size and size < header:
            return
        yield Box((*path, kind), start + header, stop)
        if kind in _CONTAINERS:
            inner = start + header + (4 if kind == b"meta" else 0)
            yield from _boxes(data, inner, stop, (*path, kind), left)
        start = stop


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found.

    Attributes:
        code_points: primaries and transfer characteristics of the first nclx box, if any.
        peak_nits: of the content light level box; 0 if unknown.
        plays: how often an animation plays; 0 is forever.
        exif: the EXIF block, without its offset; b"" if there is none or it is damaged.
        is_exif_damaged: it is there and makes no sense.
    """

    code_points: tuple[int, int] | None = None
    peak_nits: float = 0
    plays: int = 0
    exif: bytes = b""
    is_exif_damaged: bool = False


def read(data: bytes) -> Facts:
    """Find the facts that Pillow does not report; damaged boxes count as absent."""
    code_points, peak_nits = None, 0.0
    durations: list[int] = []
    plays = 0
    item_ids: list[int] = []
    locations: bytes = b""
    for box in boxes(data):
        body = data[box.start : min(box.end, box.start + 65_536)]
        name = box.path[-1]
        if name == b"colr" and body[:4] == b"nclx" and len(body) >= 10 and code_points is None:
            code_points = struct.unpack(">HH", body[4:8])
        elif name == b"clli" and len(body) >= 4 and not peak_nits:
            peak_nits = float(int.from_bytes(body[:2], "big"))
        elif name == b"tkhd":
            durations.append(_duration(body, at=(20, 28)))
        elif name == b"elst" and durations:
            plays = _plays(body, durations[-1])
        elif name == b"iinf":
            item_ids = [number for number, _, kind in _items(data, box) if kind == b"Exif"]
        elif name == b"iloc":
            locations = data[box.start : box.end]
    exif, is_damaged = b"", False
    if item_ids:
        exif, is_damaged = _exif(data, locations, item_ids[0])
    return Facts(code_points, peak_nits, plays, exif, is_damaged)


def without_metadata(data: bytes) -> bytes:
    """Return the file with its EXIF items under another name, so that no reader trips on them."""
    changed = bytearray(data)
    for box in boxes(data):
        if box.path[-1] == b"iinf":
            for _, place, kind in _items(data, box):
                if kind == b"Exif":
                    changed[place : place + 4] = b"skip"
    return bytes(changed)


def _duration(body: bytes, at: tuple[int, int]) -> int:
    """Return a track's duration; 0 for one without end."""
    if body[:1] == b"\1":
        duration = int.from_bytes(body[at[1] : at[1] + 8], "big")
        return 0 if duration == 2**64 - 1 else duration
    duration = int.from_bytes(body[at[0] : at[0] + 4], "big")
    return 0 if duration == 2**32 - 1 else duration


def _plays(body: bytes, track_duration: int) -> int:
    """Return how often an edit list has its segment played. Source: AVIF 1.1, 10.1 note."""
    if len(body) < 16 or int.from_bytes(body[4:8], "big") != 1:
        return 0
    if not body[3] & 1:
        return 1
    wide = body[0] == 1
    segment = int.from_bytes(body[8 : 16 if wide else 12], "big")
    if not segment or not track_duration:
        return 0
    return min(-(-track_duration // segment), 65_535)


def _items(data: bytes, box: Box) -> Iterator[tuple[int, int, bytes]]:
    """Yield each item's number, where its type is written, and the type."""
    count_bytes = 2 if data[box.start : box.start + 1] == b"\0" else 4
    position = box.start + 4 + count_bytes
    while position + 12 <= box.end:
        size = int.from_bytes(data[position : position + 4], "big")
        version = data[position + 8]
        if data[position + 4 : position + 8] == b"infe" and version in (2, 3):
            end = position + 12 + (2 if version == 2 else 4)
            yield int.from_bytes(data[position + 12 : end], "big"), end + 2, data[end + 2 : end + 6]
        if size < 8:
            return
        position += size


def _exif(data: bytes, locations: bytes, item: int) -> tuple[bytes, bool]:
    """Return an EXIF item's TIFF block, and whether it is damaged. Source: 23008-12, A.2.1."""
    extent = _extent(locations, item)
    if extent is None:
        return b"", True
    offset, length = extent
    block = data[offset : offset + length]
    skipped = int.from_bytes(block[:4], "big")
    tiff = block[4 + skipped :]
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return b"", True
    return tiff, False


def _extent(body: bytes, item: int) -> tuple[int, int] | None:
    """Return offset and length of an item of one piece in the file. Source: 14496-12, 8.11.3."""
    if len(body) < 8:
        return None
    version = body[0]
    offset_bytes, length_bytes = body[4] >> 4, body[4] & 15
    base_bytes, index_bytes = body[5] >> 4, body[5] & 15 if version in (1, 2) else 0
    id_bytes = 4 if version == 2 else 2
    position = 6

    def take(width: int) -> int:
        nonlocal position
        number = int.from_bytes(body[position : position + width], "big")
        position += width
        return number

    for _ in range(take(id_bytes)):
        if position >= len(body):
            return None
        number = take(id_bytes)
        method = take(2) & 15 if version in (1, 2) else 0
        take(2)
        base = take(base_bytes)
        extents = []
        for _ in range(take(2)):
            take(index_bytes)
            extents.append((base + take(offset_bytes), take(length_bytes)))
            if position > len(body):
                return None
        if number == item:
            return extents[0] if method == 0 and len(extents) == 1 else None
    return None
