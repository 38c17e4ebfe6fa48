"""Where a picture ends inside its file, and what is hidden behind that.

Only the container is walked; nothing is decoded, so hostile bytes can at worst
make these functions give up and answer None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from mmap import mmap

from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import (
    AVIF,
    GIF,
    HEIC,
    ICO,
    JPEG,
    JPEG2000,
    JXL,
    PNG,
    SVG,
    WEBP,
)

Bytes = bytes | mmap

# In entropy-coded data 0xFF is followed by 0x00 or by a restart marker; anything
# else is a true marker. Source: ITU T.81, B.1.1.2 and B.1.1.5.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_ICON_PICTURES = (b"\x89PNG", *(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 108, 124)))
_CODESTREAM = b"\xff\x4f\xff\x51"
_JXL_CODESTREAM = b"\xff\x0a"
GIF_EXTENSION, GIF_IMAGE, GIF_TRAILER = b"!,;"


def end_of_picture(data: Bytes, form: Format) -> int | None:
    """Return the offset of the first byte behind the picture.

    None where the format marks no end (TIFF, BMP, ICO, PNM) or none was found.
    """
    walk = _WALKS.get(form.name)
    return walk(data) if walk else None


def has_sound_header(data: Bytes, form: Format) -> bool:
    """True if a file begins as only this format does; False if that is not known."""
    if form.header:
        return form.header.match(data) is not None
    check = _CHECKS.get(form.name)
    return check is not None and check(data)


def _is_icon(data: Bytes) -> bool:
    """True if every picture of the directory begins in the file, as a PNG or a bitmap does."""
    count = int.from_bytes(data[4:6], "little")
    first = 6 + 16 * count
    if not 1 <= count <= 256 or first > len(data):
        return False
    for at in range(6, first, 16):
        offset = int.from_bytes(data[at + 12 : at + 16], "little")
        if offset < first or data[offset : offset + 4] not in _ICON_PICTURES:
            return False
    return True


def _is_codestream(data: Bytes) -> bool:
    """Tell if a JPEG 2000 codestream begins with its size segment. Source: ITU-T T.800, A.5."""
    components = int.from_bytes(data[40:42], "big")
    length = int.from_bytes(data[4:6], "big")
    return data[:4] == _CODESTREAM and components > 0 and length == 38 + 3 * components


def _jpeg_end(data: Bytes) -> int | None:
    position = 2
    while found := _JPEG_MARKER.search(data, position):
        marker = data[found.start() + 1]
        if marker == 0xD9:
            return found.end()
        position = found.end()
        if marker not in (0x01, 0xD8):
            position += _big_endian(data, position, 2)
    return None


def _png_end(data: Bytes) -> int | None:
    position = 8
    while position + 12 <= len(data):
        kind = data[position + 4 : position + 8]
        position += 12 + _big_endian(data, position, 4)
        if kind == b"IEND":
            return position
    return None


def _gif_end(data: Bytes) -> int | None:
    return next((end for kind, _, end in gif_blocks(data) if kind == GIF_TRAILER), None)


def _riff_end(data: Bytes) -> int | None:
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _boxes_end(data: Bytes) -> int | None:
    """Walk ISO base media boxes for as long as they look like boxes."""
    if data[:4] == _CODESTREAM or data[:2] == _JXL_CODESTREAM:
        return None
    position = 0
    while position + 8 <= len(data):
        size = _big_endian(data, position, 4)
        kind = data[position + 4 : position + 8]
        if size == 0:
            return len(data)
        if size == 1:
            size = _big_endian(data, position + 8, 8)
        if size < 8 or position + size > len(data) or not kind.isascii():
            return position
        position += size
    return position


def gif_blocks(data: Bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the blocks behind the screen descriptor: kind, start, and where the next begins.

    A block that is cut ends behind the data. Source: GIF89a, 11-26.
    """
    position = 13 + palette_bytes(data, 10)
    while position < len(data):
        kind, start = data[position], position
        if kind == GIF_EXTENSION:
            position = _skip_sub_blocks(data, position + 2)
        elif kind == GIF_IMAGE:
            position = _skip_sub_blocks(data, position + 11 + palette_bytes(data, position + 9))
        else:
            # The trailer, or stray bytes between blocks; decoders skip them, and so do we.
            position += 1
        yield kind, start, position
        if kind == GIF_TRAILER:
            return


def palette_bytes(data: Bytes, flags_at: int) -> int:
    """Return how long the palette of a GIF is that the flags at this place announce."""
    flags = _big_endian(data, flags_at, 1)
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_sub_blocks(data: Bytes, position: int) -> int:
    while position < len(data):
        size = data[position]
        position += size + 1
        if not size:
            return position
    return max(position, len(data)) + 1


def _big_endian(data: Bytes, position: int, length: int) -> int:
    return int.from_bytes(data[position : position + length], "big")


_CHECKS: dict[str, Callable[[Bytes], bool]] = {
    ICO.name: _is_icon,
    JPEG2000.name: _is_codestream,
    # Its root element was found already.
    SVG.name: bool,
}
_WALKS: dict[str, Callable[[Bytes], int | None]] = {
    JPEG.name: _jpeg_end,
    PNG.name: _png_end,
    GIF.name: _gif_end,
    WEBP.name: _riff_end,
    AVIF.name: _boxes_end,
    HEIC.name: _boxes_end,
    JPEG2000.name: _boxes_end,
    JXL.name: _boxes_end,
}
