"""Run-length encoded bitmaps. Source: Microsoft, "Bitmap Compression"."""

from __future__ import annotations

import pytest

from progimage.imaging.codecs.readers.bmp_runs import decode_runs

SIZE = (4, 2)


def decoded(data: bytes, *, is_nibbles: bool = False) -> tuple[list[int], int, int]:
    """Return the pixels, how many were written, and the rows that were reached."""
    pixels, drawn, rows = decode_runs(data, SIZE, is_nibbles=is_nibbles)
    return list(pixels), drawn.count(255), rows


@pytest.mark.parametrize(
    ("data", "pixels", "drawn"),
    [
        (b"\4\7\0\0\4\x09\0\1", [7, 7, 7, 7, 9, 9, 9, 9], 8),
        (b"\0\3\1\2\3\0\0\1", [1, 2, 3, 0, 0, 0, 0, 0], 3),
        (b"\0\2\1\1\1\5\0\1", [0, 0, 0, 0, 0, 5, 0, 0], 1),
        (b"\x09\6\0\1", [6, 6, 6, 6, 0, 0, 0, 0], 4),
    ],
    ids=["runs", "literals", "a jump", "a run beyond the row"],
)
def test_bytes(data, pixels, drawn):
    assert decoded(data) == (pixels, drawn, 2)


def test_nibbles():
    assert decoded(b"\3\x12\0\0\0\4\x34\x56\0\1", is_nibbles=True) == (
        [1, 2, 1, 0, 3, 4, 5, 6],
        7,
        2,
    )


@pytest.mark.parametrize("length", range(8))
def test_data_that_is_cut_off_reaches_as_far_as_it_goes(length):
    pixels, drawn, rows = decoded(b"\4\7\0\0\4\x09\0\1"[:length])
    assert rows == (drawn + 3) // 4
    assert len(pixels) == 8
