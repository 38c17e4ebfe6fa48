"""Metadata of a TIFF that was written without: a new directory at its end.

Pillow cannot write EXIF and GPS directories into a compressed TIFF, because libtiff is not
given them.
Source: TIFF 6.0, section 2; EXIF 2.32, 4.6.3; XMP part 3, 1.1.4; Photoshop TIFF notes.
"""

from __future__ import annotations

import struct

from progimage.imaging.codecs.readers import tiff_tags as tag
from progimage.imaging.codecs.readers.tiff_tags import read_tags

_LONG, _BYTE, _UNDEFINED = 4, 1, 7
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

Values = dict[int, tuple[int, bytes]]


def with_metadata(data: bytes, exif: bytes, xmp: bytes, iptc: bytes) -> bytes:
    """Return a little-endian TIFF of one page with these blocks in its directory.

    `exif` is little-endian as well; a block that is b"" is left out.
    """
    if data[:4] != b"II*\0":
        return data
    result = bytearray(data)
    added: Values = {}
    if exif:
        block = exif.removeprefix(b"Exif\0\0")
        tags = read_tags(block)
        added = dict(tags.values)
        for pointer in (tag.EXIF, tag.GPS):
            added.pop(pointer, None)
            if start := tags.number(pointer, 0):
                place = _append(result, read_tags(block, start).values)
                added[pointer] = (_LONG, struct.pack("<I", place))
    if xmp:
        added[tag.XMP] = (_BYTE, xmp)
    if iptc:
        added[tag.PHOTOSHOP] = (_UNDEFINED, iptc)
    page = read_tags(data).values
    place = _append(result, added | page)
    result[4:8] = struct.pack("<I", place)
    return bytes(result)


def _append(result: bytearray, values: Values) -> int:
    """Write a directory behind what is there, at an even offset; return that."""
    result += bytes(len(result) % 2)
    place = len(result)
    values = {number: values[number] for number in sorted(values) if values[number][0] in _SIZES}
    body_at = place + 2 + 12 * len(values) + 4
    entries, body = struct.pack("<H", len(values)), b""
    for number, (kind, data) in values.items():
        value = data
        if len(data) > 4:
            value = struct.pack("<I", body_at + len(body))
            body += data + bytes(len(data) % 2)
        entries += struct.pack("<HHI", number, kind, len(data) // _SIZES[kind])
        entries += value.ljust(4, b"\0")
    result += entries + bytes(4) + body
    return place
