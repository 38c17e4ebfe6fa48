"""The boxes of AVIF: colours, loops, damaged EXIF."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.imaging.codecs import isobmff
from tests.imaging.codecs.readers.reading import facts, read, rgba
from tests.imaging.drawing import BLUE, RED, animated, is_near, quadrants, saved, solids


def _avif(**parameters: object) -> bytes:
    return saved(quadrants(), "AVIF", quality=90, speed=10, **parameters)


def test_exif_that_is_damaged_costs_the_exif_and_not_the_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271] = "Maker"
    data = _avif(exif=exif)
    assert isobmff.read(data).exif[:2] in (b"II", b"MM")
    at = data.index(isobmff.read(data).exif)
    broken = data[:at] + b"XX" + data[at + 2 :]
    found = facts(tmp_path, broken)
    assert (found.width, found.damage) == (48, "the EXIF block is damaged")


@pytest.mark.parametrize(
    ("primaries", "transfer", "shown"),
    [(1, 13, (200, 100, 0)), (1, 1, (200, 100, 0)), (12, 13, (215, 93, 0)), (1, 8, (229, 168, 13))],
)
def test_code_points_of_an_avif_are_honoured(
    primaries: int, transfer: int, shown: tuple[int, ...], tmp_path: Path
) -> None:
    image = Image.new("RGB", (16, 16), (200, 100, 0))
    data = bytearray(saved(image, "AVIF", quality=100, subsampling="4:4:4", speed=10))
    at = data.index(b"colrnclx") + 8
    data[at : at + 4] = struct.pack(">HH", primaries, transfer)
    assert is_near(rgba(read(tmp_path, bytes(data)).frames[0], (8, 8)), (*shown, 255), 3)


@pytest.mark.parametrize(("flags", "segments", "plays"), [(0, 1, 1), (1, 3, 3), (1, 0, 0)])
def test_loops_of_an_animation_follow_its_edit_list(flags: int, segments: int, plays: int) -> None:
    duration = 300 * segments if segments else 2**32 - 1
    track = bytes(20) + struct.pack(">I", duration) + bytes(60)
    edits = bytes((0, 0, 0, flags)) + struct.pack(">IIII", 1, 300, 0, 1 << 16)
    data = _box(b"moov", _box(b"trak", _box(b"tkhd", track) + _box(b"edts", _box(b"elst", edits))))
    assert isobmff.read(data).plays == plays


def test_an_animation_without_edit_list_plays_for_ever(tmp_path: Path) -> None:
    data = animated(solids(RED, BLUE), "AVIF", speed=10, duration=100)
    assert read(tmp_path, data).loop == 0


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


@given(st.binary(max_size=120), st.integers(0, 400))
def test_hostile_boxes_raise_nothing(noise: bytes, at: int) -> None:
    data = _SAMPLE[:at] + noise + _SAMPLE[at:]
    isobmff.read(data)
    assert len(isobmff.without_metadata(data)) == len(data)


_SAMPLE = _avif()[:500]
