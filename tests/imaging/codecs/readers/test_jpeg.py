"""JPEG as browsers show it: ends that are missing, short segments, metadata."""

from __future__ import annotations

import re
import struct
import tracemalloc
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.icc import SRGB_PRIMARIES, rgb_profile
from progimage.imaging.codecs.readers.jpeg import JpegReader
from tests.imaging.codecs.readers.reading import CLEAR, LIMITS, STRICT, facts, read, rgba
from tests.imaging.drawing import is_near, put, quadrants, saved


def _noise(mode: str = "RGB", **parameters: object) -> bytes:
    return saved(Image.effect_noise((96, 96), 60).convert(mode), "JPEG", quality=85, **parameters)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


@pytest.mark.parametrize("missing", [1, 2, 12])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_its_last_bytes_is_shown(mode: str, missing: int, tmp_path: Path) -> None:
    whole = _noise(mode)
    cut = whole[:-missing]
    image = read(tmp_path, cut).frames[0].convert("RGBA")
    reference = read(tmp_path, whole).frames[0].convert("RGBA")
    top = (0, 0, 96, 64)
    assert ImageChops.difference(image.crop(top), reference.crop(top)).getbbox() is None
    assert facts(tmp_path, cut).damage.startswith("the end of the JPEG")
    with pytest.raises(
        CorruptPicture, match=r"(the JPEG ends early|the end of the JPEG is missing); send it again"
    ):
        facts(tmp_path, cut, STRICT)


def test_rows_that_are_missing_are_transparent_and_never_grey(tmp_path: Path) -> None:
    data = _noise()
    image = read(tmp_path, data[: len(data) * 6 // 10]).frames[0]
    alpha = image.getchannel("A")
    rows = [alpha.crop((0, row, 96, row + 1)).getextrema() for row in range(96)]
    shown = rows.count((255, 255))
    assert 30 <= shown <= 70
    assert rows == [(255, 255)] * shown + [(0, 0)] * (96 - shown)
    assert rgba(image, (0, 95)) == CLEAR


def test_a_progressive_jpeg_is_whole_once_its_first_scan_is(tmp_path: Path) -> None:
    data = _noise(progressive=True)
    for part in (0.5, 0.8):
        image = read(tmp_path, data[: int(len(data) * part)]).frames[0]
        assert image.mode == "RGB"
        coarse = ImageChops.difference(image.resize((3, 3)), _whole(data).resize((3, 3)))
        assert max(high for _, high in coarse.getextrema()) < 40


def _whole(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


def test_a_jpeg_of_which_most_is_missing_is_refused(tmp_path: Path) -> None:
    data = _noise()
    with pytest.raises(CorruptPicture, match="most of it"):
        facts(tmp_path, data[: len(data) // 6])


@pytest.mark.parametrize(
    ("marker", "body", "damage"),
    [
        (0xE0, b"JFIF\0", "the JFIF segment is too short"),
        (0xEE, b"Adobe", "the Adobe segment is too short"),
    ],
)
def test_a_segment_that_is_too_short_is_left_out(
    marker: int, body: bytes, damage: str, tmp_path: Path
) -> None:
    data = saved(quadrants(), "JPEG")
    short = data[:2] + _segment(marker, body) + data[2:]
    assert read(tmp_path, short).frames[0].tobytes() == read(tmp_path, data).frames[0].tobytes()
    assert facts(tmp_path, short).damage == damage


def test_orientation_in_xmp_does_not_count(tmp_path: Path) -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    data = saved(quadrants((64, 32)), "JPEG")
    data = data[:2] + _segment(0xE1, xmp) + data[2:]
    assert (facts(tmp_path, data).orientation, read(tmp_path, data).size) == (1, (64, 32))


def test_xmp_and_iptc_are_found(tmp_path: Path) -> None:
    data = saved(quadrants(), "JPEG")
    data = (
        data[:2]
        + _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
        + _segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0")
        + data[2:]
    )
    picture = read(tmp_path, data)
    assert (picture.xmp, picture.iptc) == (b"<x/>", b"8BIM\4\4\0\0\0\0\0\0")


def test_a_small_target_of_a_damaged_jpeg_gives_the_same_part(tmp_path: Path) -> None:
    data = _noise()
    path = put(tmp_path, data[: len(data) * 6 // 10])
    assert decode(path, LIMITS, target=(10, 10)).frames[0].getchannel("A").getextrema() == (0, 255)


def test_a_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = put(tmp_path, saved(quadrants(), "JPEG") + bytes(8 << 20))
    tracemalloc.start()
    try:
        decode(path, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=60), st.integers(0, 700))
def test_hostile_segments_raise_nothing_but_known_errors(noise: bytes, at: int) -> None:
    data = saved(quadrants((16, 16)), "JPEG")
    try:
        with TemporaryFile() as file:
            file.write(data[:at] + noise + data[at:])
            file.flush()
            reader = JpegReader(file, accepts_damage=True)
            if max(reader.size) <= 1_000:
                list(reader.frames(1))
    except (PictureError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        pass


@pytest.mark.parametrize("part", range(1, 10))
def test_a_progressive_jpeg_that_is_cut_between_two_scans_is_whole(
    part: int, tmp_path: Path
) -> None:
    data = _noise(progressive=True)
    scans = [found.start() for found in re.finditer(rb"\xff[\xc4\xda]", data)]
    # Behind the first scan, within the header of another.
    cut = data[: scans[part + 3] + 12]
    assert read(tmp_path, cut).frames[0].mode == "RGB"
    assert "the JPEG ends early" in facts(tmp_path, cut).damage


def test_of_a_progressive_jpeg_with_a_stray_marker_the_scans_before_are_shown(
    tmp_path: Path,
) -> None:
    data = _noise(progressive=True)
    at = len(data) * 6 // 10
    stray = data[:at].rstrip(b"\xff") + b"\xff\xc0" + data[at:]
    assert read(tmp_path, stray).frames[0].mode == "RGB"
    assert "the JPEG ends early" in facts(tmp_path, stray).damage


@pytest.mark.parametrize("length", [0, 1])
def test_a_segment_whose_length_is_less_than_nothing_is_empty(length: int, tmp_path: Path) -> None:
    data = _noise()
    odd = data[:2] + bytes((0xFF, 0xE5, 0, length)) + data[2:]
    assert read(tmp_path, odd).frames[0].tobytes() == read(tmp_path, data).frames[0].tobytes()


@pytest.mark.parametrize(
    ("parts", "is_used"),
    [
        ([(1, 2), (2, 2)], True),
        ([(1, 2), (2, 2), (3, 2)], True),
        ([(0, 2), (1, 2)], False),
        ([(1, 2)], False),
        ([(1, 3), (2, 3)], False),
    ],
)
def test_a_profile_in_parts_counts_from_one_and_has_to_be_whole(
    parts: list[tuple[int, int]], is_used: bool, tmp_path: Path
) -> None:
    profile = rgb_profile(SRGB_PRIMARIES, lambda value: value)
    half = len(profile) // 2
    halves = [profile[:half], profile[half:]]
    bodies = [*halves, b"more"]
    segments = b"".join(
        _segment(0xE2, b"ICC_PROFILE\0" + bytes((number, count)) + body)
        for (number, count), body in zip(parts, bodies[: len(parts)], strict=True)
    )
    grey = saved(Image.new("RGB", (8, 8), (100, 100, 100)), "JPEG", quality=95)
    image = read(tmp_path, grey[:2] + segments + grey[2:]).frames[0]
    # Linear light of 100 is 166 in sRGB.
    level = 166 if is_used else 100
    assert is_near(rgba(image, (0, 0)), (level, level, level, 255), 3)


@pytest.mark.parametrize(
    ("name", "kind", "count", "is_turned"),
    [
        (b"Exif\0\0", 3, 1, True),
        (b"Exif\0\1", 3, 1, True),
        (b"Exif\0\0", 4, 1, False),
        (b"Exif\0\0", 3, 2, False),
    ],
)
def test_an_orientation_is_one_number_of_16_bits_as_in_browsers(
    name: bytes, kind: int, count: int, is_turned: bool, tmp_path: Path
) -> None:
    block = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, kind, count, 6, 6, 0)
    data = saved(quadrants((48, 32)), "JPEG")
    turned = data[:2] + _segment(0xE1, name + block) + data[2:]
    assert read(tmp_path, turned).size == ((32, 48) if is_turned else (48, 32))
