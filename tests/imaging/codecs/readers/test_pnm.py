"""Portable maps as text and bytes, of every depth, PAM and PFM."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.readers.pnm import PnmReader
from tests.imaging.codecs.readers.reading import CLEAR, STRICT, facts, read, rgba


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"P1\n2 1\n10\n", (0, 255)),
        (b"P1 2 1 1 0", (0, 255)),
        (b"P4\n2 1\n\x80", (0, 255)),
        (b"P2\n# a comment\n2 1 # and one\n7\n7 # and one\n0\n", (255, 0)),
        (b"P5\n2 1\n255\n\xff\0", (255, 0)),
        (b"P5 2 1 15 \x0f\0", (255, 0)),
        (b"P5 2 1 1023 \x03\xff\0\0", (255, 0)),
        (b"P5\r\n2 1\r\n65535\n\xff\xff\x80\x80", (255, 128)),
        (b"P2 2 1 100 100 900", (255, 255)),
        (
            b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\1\0",
            (255, 0),
        ),
        (b"Pf\n2 1\n-1.0\n" + struct.pack("<2f", 1.0, 0.0), (255, 0)),
        (b"Pf\n2 1\n1.0\n" + struct.pack(">2f", 0.5, 1.0), (128, 255)),
    ],
)
def test_greys_of_every_kind(data: bytes, shown: tuple[int, int], tmp_path: Path) -> None:
    assert facts(tmp_path, data).format == "pnm"
    image = read(tmp_path, data).frames[0]
    for at, grey in enumerate(shown):
        assert abs(rgba(image, (at, 0))[0] - grey) <= 1


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"P3\n1 1\n255\n1 2 3", (1, 2, 3, 255)),
        (b"P6\n1 1\n255\n\1\2\3", (1, 2, 3, 255)),
        (b"P6\n1 1\n65535\n\1\0\2\0\3\0", (1, 2, 3, 255)),
        (
            b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\1\2\3\x80",
            (1, 2, 3, 128),
        ),
        (
            b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\7\x80",
            (7, 7, 7, 128),
        ),
        (b"PF\n1 1\n-1\n" + struct.pack("<3f", 1.0, 0.0, 0.2), (255, 0, 51, 255)),
    ],
)
def test_colours_of_every_kind(data: bytes, shown: tuple[int, ...], tmp_path: Path) -> None:
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == shown


def test_rows_of_floats_run_upwards(tmp_path: Path) -> None:
    image = read(tmp_path, b"Pf\n1 2\n-1.0\n" + struct.pack("<2f", 1.0, 0.0)).frames[0]
    assert (rgba(image, (0, 0))[0], rgba(image, (0, 1))[0]) == (0, 255)


@pytest.mark.parametrize(
    "data",
    [
        b"P2 2 4 255 " + b"200 " * 7,
        b"P3 2 4 255 " + b"200 " * 20,
        b"P5 2 4 255 " + b"\xc8" * 7,
        b"P6 2 4 255 " + b"\xc8" * 20,
        b"P4 2 4 " + b"\0" * 3,
    ],
)
def test_rows_that_are_missing_are_transparent(data: bytes, tmp_path: Path) -> None:
    image = read(tmp_path, data).frames[0]
    assert rgba(image, (0, 2))[3] == 255
    assert rgba(image, (0, 3)) == CLEAR
    assert facts(tmp_path, data).damage == "the pixels end early"
    with pytest.raises(CorruptPicture):
        facts(tmp_path, data, STRICT)


@given(st.sampled_from([*b"1234567fF"]), st.binary(max_size=80))
def test_hostile_bytes_raise_nothing_but_picture_errors(kind: int, noise: bytes) -> None:
    try:
        reader = PnmReader(b"P%c\n" % kind + noise, accepts_damage=True)
        if reader.size[0] * reader.size[1] < 10_000:
            list(reader.frames(1))
    except PictureError:
        return
