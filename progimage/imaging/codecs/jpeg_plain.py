"""Which JPEGs are plain: nothing in their header can make libjpeg give up.

libjpeg calls a function for an error, which must not return: in this process it could only end
it. Of a plain JPEG all is checked that libjpeg-turbo 3.2 has an error for, once memory suffices;
what is wrong within the scan is a warning.

A plain JPEG is sequential, with Huffman codes, 8 bits and one scan: of grey, or of luma and two
planes of chroma. That is what cameras write.
Sources: ITU T.81, annex B; libjpeg-turbo, jdmarker.c, jdinput.c and jdhuff.c, calls of ERREXIT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_SOF0, _SOF1, _DHT, _SOS, _DQT, _DRI, _APP0, _APP14 = (
    *(0xC0, 0xC1, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE),
)
_MAX_SIDE = 65_500
_MOST_TABLES = 4
_MOST_DC_BITS = 15


@dataclass(frozen=True, slots=True)
class Component:
    """One plane as it is in the file; `wide` and `high` are its sampling factors."""

    wide: int
    high: int


@dataclass(slots=True)
class _Header:
    components: tuple[Component, ...] = ()
    ids: bytes = b""
    quantizers: frozenset[int] = frozenset()
    tables: set[tuple[str, int]] = field(default_factory=set)


def plain_components(head: bytes) -> tuple[Component, ...]:
    """Return the components of a plain JPEG, luma first; none if it is not plain.

    Args:
        head: the file up to the header of its first scan, and perhaps more.
    """
    header = _Header()
    for marker, body in _segments(head):
        if marker == _SOS:
            return header.components if _is_plain_scan(header, body) else ()
        if not _takes(header, marker, body):
            return ()
    return ()


def _segments(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the body of each segment, which follow one another without a gap."""
    position = 2 if head.startswith(b"\xff\xd8") else len(head)
    while head[position : position + 1] == b"\xff" and position + 4 <= len(head):
        end = position + 2 + int.from_bytes(head[position + 2 : position + 4], "big")
        if end < position + 4 or end > len(head):
            return
        yield head[position + 1], head[position + 4 : end]
        position = end


def _takes(header: _Header, marker: int, body: bytes) -> bool:
    """Note a segment before the scan; return whether it is plain."""
    if marker in (_APP0, _APP14):
        return True
    if marker == _DRI:
        return len(body) == 2
    if marker == _DQT:
        return _takes_quantizers(header, memoryview(body))
    if marker == _DHT:
        return _takes_huffman(header, memoryview(body))
    return marker in (_SOF0, _SOF1) and _takes_frame(header, body)


def _takes_quantizers(header: _Header, body: memoryview) -> bool:
    while body:
        precision, number = divmod(body[0], 16)
        size = 1 + 64 * (1 + precision)
        if precision > 1 or number >= _MOST_TABLES or len(body) < size:
            return False
        header.tables.add(("quantizer", number))
        body = body[size:]
    return True


def _takes_huffman(header: _Header, body: memoryview) -> bool:
    while body:
        kind, number = divmod(body[0], 16)
        counts = bytes(body[1:17])
        symbols = body[17 : 17 + sum(counts)]
        if kind > 1 or number >= _MOST_TABLES or len(counts) < 16 or not _is_code(counts):
            return False
        if len(symbols) < sum(counts) or (kind == 0 and max(symbols, default=0) > _MOST_DC_BITS):
            return False
        header.tables.add(("AC" if kind else "DC", number))
        body = body[17 + len(symbols) :]
    return True


def _is_code(counts: bytes) -> bool:
    """Return whether there are so many codes of 1 to 16 bits, none of them all ones."""
    code = 0
    for bits, count in enumerate(counts, 1):
        code += count
        if count and code >= 1 << bits:
            return False
        code <<= 1
    return sum(counts) <= 256


def _takes_frame(header: _Header, body: bytes) -> bool:
    if header.components or len(body) < 6:
        return False
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    described = [body[at : at + 3] for at in range(6, len(body), 3)]
    is_sized = 0 < height <= _MAX_SIDE and 0 < width <= _MAX_SIDE
    if body[0] != 8 or not is_sized or len(body) != 6 + 3 * body[5] or body[5] not in (1, 3):
        return False
    header.components = tuple(Component(*divmod(sampling, 16)) for _, sampling, _ in described)
    header.ids = bytes(component[0] for component in described)
    header.quantizers = frozenset(component[2] for component in described)
    luma, *chroma = header.components
    has_known_luma = {luma.wide, luma.high} <= ({1, 2} if chroma else {1})
    return has_known_luma and all(plane == Component(1, 1) for plane in chroma)


def _is_plain_scan(header: _Header, body: bytes) -> bool:
    """Return whether a scan has all components, in their order, and all tables are there."""
    count = len(header.ids)
    if not count or len(body) != 4 + 2 * count or body[0] != count:
        return False
    used = {("quantizer", number) for number in header.quantizers}
    for at in range(1, 1 + 2 * count, 2):
        dc, ac = divmod(body[at + 1], 16)
        used |= {("DC", dc), ("AC", ac)}
    is_in_order = body[1 : 1 + 2 * count : 2] == header.ids
    return is_in_order and len(set(header.ids)) == count and used <= header.tables
