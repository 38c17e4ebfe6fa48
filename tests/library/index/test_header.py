"""Checksums of blocks: a large shelf has them, and they are only true with its first block."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from progimage.library.index import header
from progimage.library.index.header import BLOCK, LEAST
from tests.library.index.large import large

SIZE, CRC32 = len(large()), zlib.crc32(large())
FIRST = large()[:BLOCK]


def shelf(length: int) -> bytes:
    return header.encode(3, {"pos": b"p" * 7, "doc": bytes(range(256)) * (length // 256)})


@pytest.mark.parametrize("beyond", [256, BLOCK - 256, BLOCK, BLOCK + 256, 100 * BLOCK])
def test_the_checksums_of_a_large_shelf_are_those_of_its_blocks(beyond):
    data = shelf(LEAST + beyond)
    sums = header.sums_of(data[:BLOCK], len(data), zlib.crc32(data))
    assert sums == [zlib.crc32(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def test_a_shelf_that_ends_with_a_block_has_a_checksum_for_each():
    spare = -len(header.encode(1, {"doc": bytes(9 * BLOCK)})) % BLOCK
    data = header.encode(1, {"doc": bytes(9 * BLOCK + spare)})
    assert len(data) == 10 * BLOCK
    assert len(header.sums_of(data[:BLOCK], len(data), zlib.crc32(data)) or ()) == 10


def test_sections_are_found_with_and_without_checksums():
    for length in (256, LEAST + 256):
        data = shelf(length)
        n, places = header.read(data[:BLOCK])
        assert n == 3
        assert data[slice(*places["pos"])] == b"p" * 7
        assert data[slice(*places["doc"])] == bytes(range(256)) * (length // 256)
        assert ("sums" in places) == (len(data) > LEAST)


def test_a_shelf_whose_checksums_do_not_fit_into_its_first_block_has_none(monkeypatch):
    monkeypatch.setattr(header, "BLOCK", 256)
    data = shelf(LEAST + 256)
    assert header.sums_of(data[:256], len(data), zlib.crc32(data)) == ()


def test_the_whole_checksum_decides_if_checksums_of_blocks_are_true():
    assert header.sums_of(FIRST, SIZE, CRC32) is not None
    assert header.sums_of(FIRST, SIZE, CRC32 ^ 1) is None
    assert header.sums_of(FIRST, SIZE + 1, CRC32) is None


@given(st.integers(0, BLOCK - 1), st.integers(1, 255))
@example(FIRST.index(b"sums"), 1)
def test_a_first_block_with_any_byte_changed_gives_no_checksums(at, change):
    """Where the name of their section is changed, the shelf is read whole, as one without them."""
    damaged = FIRST[:at] + bytes([FIRST[at] ^ change]) + FIRST[at + 1 :]
    assert not header.sums_of(damaged, SIZE, CRC32)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_shelf_have_no_checksums(data):
    for block in (data, FIRST[:12] + data, FIRST[: len(data)], bytes(BLOCK)):
        assert header.sums_of(block, SIZE, CRC32) is None


def test_a_header_nested_too_deep_has_no_checksums():
    nested = b"[" * 60_000
    block = header.MAGIC + len(nested).to_bytes(4, "little") + nested
    assert header.sums_of(block, SIZE, CRC32) is None
