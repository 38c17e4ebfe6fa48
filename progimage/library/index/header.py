"""The beginning of a shelf: where its sections are, and checksums of its blocks.

    PIshelf2 · length of the header · header: JSON with the place of each section · sections

In a large shelf the first section, `sums`, has the CRC-32 of each block behind the first one.
So a part of a shelf can be compared too. The first block has no checksum of its own: together
with the others it must give the one of the whole shelf, which the manifest has. Versions that
do not know the section read such shelves whole.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MAGIC = b"PIshelf2"
BLOCK = 1 << 16
"""Bytes of a block; the last one of a shelf may be shorter."""

LEAST = 8 * BLOCK
"""A shelf of up to so many bytes has no checksums of blocks: it is fetched in one request."""

# The polynomial of CRC-32 and 1 in the order of bits that zlib has (crc32.c, `multmodp`).
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
_X8 = 1 << (31 - 8)


class Header(NamedTuple):
    """How many records a shelf has, and where each section begins and ends."""

    n: int
    places: Mapping[str, tuple[int, int]]


def read(data: bytes) -> Header:
    """Return the header of a shelf from its first bytes.

    Raises:
        ValueError: they are not those of a shelf.
    """
    if data[:8] != MAGIC:
        raise ValueError("not a shelf")
    [size] = struct.unpack("<I", data[8:12])
    start = 12 + size
    header = json.loads(data[12:start])
    return Header(
        header["n"], {name: (start + a, start + b) for name, (a, b) in header["at"].items()}
    )


def encode(n: int, sections: Mapping[str, bytes]) -> bytes:
    """Return a shelf of `n` records with these sections, and checksums if it is large."""
    lengths = {name: len(section) for name, section in sections.items()}
    head, count = _head(n, lengths), 0
    size = len(head) + sum(lengths.values())
    if size <= LEAST:
        return b"".join((head, *sections.values()))
    # The checksums are part of the file, and may make it longer by a block.
    while (needed := (size - 1) // BLOCK) != count:
        count = needed
        with_sums = {"sums": 4 * count, **lengths}
        head = _head(n, with_sums)
        size = len(head) + sum(with_sums.values())
    if len(head) + 4 * count > BLOCK:
        return b"".join((_head(n, lengths), *sections.values()))
    data = bytearray().join((head, bytes(4 * count), *sections.values()))
    blocks = memoryview(data)
    sums = (zlib.crc32(blocks[at : at + BLOCK]) for at in range(BLOCK, size, BLOCK))
    blocks[len(head) : len(head) + 4 * count] = array("I", sums).tobytes()
    blocks.release()
    return bytes(data)


def sums_of(block: bytes, size: int, crc32: int) -> Sequence[int] | None:
    """Return the checksums of a shelf's blocks.

    Args:
        block: the first one.
        size: of the whole shelf.
        crc32: of the whole shelf.

    Returns:
        Nothing if the shelf has none; None if this is not its first block.
    """
    try:
        places = read(block).places
        if "sums" not in places:
            return ()
        start, end = places["sums"]
        if len(block) != BLOCK or end > BLOCK or end - start != 4 * ((size - 1) // BLOCK):
            return None
        sums = [zlib.crc32(block), *array("I", block[start:end])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return None  # Nothing is known of these bytes yet.
    return sums if _combined(sums, size) == crc32 else None


def _head(n: int, lengths: Mapping[str, int]) -> bytes:
    """Return all that is before the sections."""
    places, end = {}, 0
    for name, length in lengths.items():
        places[name] = (end, end + length)
        end += length
    header = json.dumps({"n": n, "at": places}).encode()
    return MAGIC + struct.pack("<I", len(header)) + header


def _combined(sums: Sequence[int], size: int) -> int:
    """Return the CRC-32 of blocks together: zlib's `crc32_combine`, block by block."""
    shift, last = _power(BLOCK), _power((size - 1) % BLOCK + 1)
    whole = sums[0]
    for crc32 in sums[1:-1]:
        whole = _product(shift, whole) ^ crc32
    return _product(last, whole) ^ sums[-1]


def _power(count: int) -> int:
    """Return x to the power of 8 * count, modulo the polynomial."""
    power, square = _ONE, _X8
    while count:
        if count & 1:
            power = _product(square, power)
        square = _product(square, square)
        count >>= 1
    return power


def _product(a: int, b: int) -> int:
    """Return the product of two polynomials over GF(2), modulo the polynomial."""
    product, bit = 0, _ONE
    while bit:
        if a & bit:
            product ^= b
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
        bit >>= 1
    return product
