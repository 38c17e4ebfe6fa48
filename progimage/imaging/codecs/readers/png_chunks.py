"""The chunks of a PNG, and what the compressed ones hold.

Source: PNG (third edition), W3C 2025, 5.3 (chunk layout), 11.3 (ancillary chunks).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp"
_MAX_XMP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its type, its data, and whether its checksum is right."""

    kind: bytes
    data: bytes
    is_intact: bool


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a PNG; the last may be cut short, and is not intact then."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 8 + length
        body = data[position + 8 : end]
        kind = data[position + 4 : position + 8]
        checksum = zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big")
        yield Chunk(kind, body, data[end : end + 4] == checksum)
        if kind == b"IEND":
            return
        position = end + 4


def xmp_of(chunk: bytes) -> bytes:
    """Return the text of an iTXt chunk. Source: PNG, 11.3.3.4."""
    is_compressed = chunk[len(XMP_KEYWORD) + 1 : len(XMP_KEYWORD) + 2] == b"\x01"
    parts = chunk[len(XMP_KEYWORD) + 3 :].split(b"\0", 2)
    if len(parts) < 3:
        return b""
    text = (inflated(parts[2], _MAX_XMP_BYTES) or b"") if is_compressed else parts[2]
    return text if len(text) <= _MAX_XMP_BYTES else b""


def inflated(data: bytes, max_bytes: int) -> bytes | None:
    """Return what `data` inflates to; None if it is damaged or longer."""
    try:
        inflater = zlib.decompressobj()
        result = inflater.decompress(data, max_bytes)
    except zlib.error:
        return None
    return result if inflater.eof else None
