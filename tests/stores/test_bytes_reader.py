"""Bytes in memory as a reader."""

from __future__ import annotations

import pytest

from progimage.stores.bytes_reader import BytesReader


def test_it_reads_like_a_file() -> None:
    with BytesReader(b"0123456789") as reader:
        assert reader.stat.size == 10
        assert (reader.read(4), reader.read(), reader.read()) == (b"0123", b"456789", b"")


@pytest.mark.parametrize(
    ("start", "length", "part"), [(0, None, b"0123"), (1, 2, b"12"), (3, 9, b"3"), (4, None, b"")]
)
def test_a_part_is_read_from_its_start(start: int, length: int | None, part: bytes) -> None:
    reader = BytesReader(b"0123").narrowed(start, length)
    assert (reader.read(), reader.stat.size) == (part, len(part))
