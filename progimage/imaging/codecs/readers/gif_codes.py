"""The codes of a GIF with two colours whose codes begin at two bits.

The specification wants three bits there, and Pillow's decoder stops at fewer; browsers do not.
Source: GIF89a, appendix F.
"""

from __future__ import annotations

from collections.abc import Iterator

_CLEAR, _END, _FIRST_WIDTH, _MAX_WIDTH = 2, 3, 2, 12
_BLOCK_BYTES = 255


def with_three_bits(blocks: bytes) -> bytes:
    """Return blocks of the same pixels, with codes that begin at three bits."""
    number = filled = 0
    packed = bytearray()
    for code in _uncompressed(_pixels(_joined(blocks))):
        number |= code << filled
        filled += 3
        while filled >= 8:
            packed.append(number & 255)
            number, filled = number >> 8, filled - 8
    packed.append(number)
    parts = (packed[at : at + _BLOCK_BYTES] for at in range(0, len(packed), _BLOCK_BYTES))
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def _joined(blocks: bytes) -> bytes:
    found = []
    position = 0
    while position < len(blocks) and blocks[position]:
        found.append(blocks[position + 1 : position + 1 + blocks[position]])
        position += 1 + blocks[position]
    return b"".join(found)


def _pixels(data: bytes) -> Iterator[int]:
    """Yield the indices, 0 or 1, up to the end or to the first code that cannot be."""
    table: list[bytes] = []
    width, before = _FIRST_WIDTH, b""
    number = filled = 0
    for byte in data:
        number |= byte << filled
        filled += 8
        while filled >= width:
            code, number, filled = number & (1 << width) - 1, number >> width, filled - width
            if code == _CLEAR or not table:
                table, width, before = [b"\0", b"\1", b"", b""], _FIRST_WIDTH, b""
                if code == _CLEAR:
                    continue
            if code == _END or code > len(table) or (code == len(table) and not before):
                return
            entry = table[code] if code < len(table) else before + before[:1]
            yield from entry
            if before and len(table) < 1 << _MAX_WIDTH:
                table.append(before + entry[:1])
            if len(table) == 1 << width and width < _MAX_WIDTH:
                width += 1
            before = entry


def _uncompressed(pixels: Iterator[int]) -> Iterator[int]:
    """Yield codes of three bits; two pixels behind each clear code keep them as short."""
    for at, pixel in enumerate(pixels):
        if at % 2 == 0:
            yield 4
        yield pixel
    yield 5
