"""Which colours a PNG has by its chunks."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import ImageCms

from progimage.imaging.codecs import icc
from tests.imaging.codecs.readers.reading import chunk, linear_grey_profile, png, read, rgba
from tests.imaging.drawing import is_near, pixel


def test_dark_greys_of_16_bits_meet_their_profile_before_they_are_cut(tmp_path: Path) -> None:
    """Cut to 8 bits first, the lowest 4,096 of 65,536 linear greys leave 16 levels."""
    row = struct.pack(">64H", *range(0, 4096, 64))
    packed = chunk(b"iCCP", b"linear\0\0" + zlib.compress(linear_grey_profile()))
    image = read(tmp_path, png([row], 64, depth=16, colour=0, before=packed)).frames[0]
    assert len(set(image.tobytes())) > 50
    assert abs(pixel(image, (63, 0))[0] - 70) <= 1


def test_dark_colours_of_16_bits_meet_their_profile_before_they_are_cut(tmp_path: Path) -> None:
    profile = icc.rgb_profile(icc.SRGB_PRIMARIES, lambda value: value)
    row = b"".join(struct.pack(">3H", value, 0, value) for value in range(0, 4096, 64))
    packed = chunk(b"iCCP", b"linear\0\0" + zlib.compress(profile))
    image = read(tmp_path, png([row], 64, depth=16, before=packed)).frames[0]
    assert len(set(image.getchannel("R").tobytes())) > 50
    assert is_near(pixel(image, (63, 0)), (70, 0, 70), 2)


# Measured in Chromium 156 on the greys 32, 128 and 224.
@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ({b"gAMA": 100_000}, (99, 188, 241)),
        ({b"gAMA": 55_556}, (43, 146, 230)),
        ({b"gAMA": 45_455}, (32, 128, 224)),
        ({b"gAMA": 47_000}, (32, 128, 224)),
        ({b"gAMA": 0}, (32, 128, 224)),
        ({b"gAMA": 45_455, b"cHRM": icc.SRGB_PRIMARIES}, (26, 129, 225)),
        ({b"cHRM": icc.SRGB_PRIMARIES}, (32, 128, 224)),
        ({b"sRGB": None, b"gAMA": 100_000}, (32, 128, 224)),
        ({b"iCCP": None, b"gAMA": 100_000}, (32, 128, 224)),
        ({b"cICP": (1, 13, 0, 1), b"gAMA": 100_000}, (32, 128, 224)),
        ({b"cICP": (1, 8, 0, 1), b"sRGB": None}, (99, 188, 241)),
        ({b"cICP": (1, 1, 0, 1)}, (20, 121, 222)),
        ({b"cICP": (9, 16, 0, 1)}, (5, 132, 255)),
        ({b"cICP": (9, 18, 0, 1)}, (14, 99, 228)),
    ],
)
def test_the_first_colour_chunk_that_counts_decides(
    chunks: dict[bytes, object], shown: tuple[int, ...], tmp_path: Path
) -> None:
    before = b"".join(chunk(kind, _colour_chunk(kind, value)) for kind, value in chunks.items())
    row = bytes(value for grey in (32, 128, 224) for value in (grey, grey, grey))
    image = read(tmp_path, png([row], 3, before=before)).frames[0]
    for at, grey in enumerate(shown):
        assert is_near(rgba(image, (at, 0)), (grey, grey, grey, 255), 8)


def _colour_chunk(kind: bytes, value: object) -> bytes:
    if isinstance(value, int):
        return struct.pack(">I", value)
    if kind == b"cHRM" and isinstance(value, tuple):
        numbers = [round(number * 100_000) for number in (*value[6:], *value[:6])]
        return struct.pack(">8I", *numbers)
    if isinstance(value, tuple):
        return bytes(value)
    if kind == b"iCCP":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        return b"sRGB\0\0" + zlib.compress(profile)
    return b"\0"


def test_chromaticities_of_a_wider_space_make_colours_stronger(tmp_path: Path) -> None:
    """Measured in Chromium 156 with the chromaticities of Display P3."""
    before = chunk(b"cICP", bytes((12, 13, 0, 1)))
    image = read(tmp_path, png([bytes((200, 100, 0))], 1, before=before)).frames[0]
    assert is_near(rgba(image, (0, 0)), (215, 93, 0, 255), 2)


def test_a_gamma_holds_for_greys_as_well(tmp_path: Path) -> None:
    before = chunk(b"gAMA", struct.pack(">I", 100_000))
    image = read(tmp_path, png([b"\x80"], 1, colour=0, before=before)).frames[0]
    assert image.mode == "L"
    assert abs(pixel(image, (0, 0))[0] - 188) <= 1


@pytest.mark.parametrize("kind", [b"gAMA", b"iCCP", b"cICP"])
def test_colour_chunks_behind_the_pixels_do_not_count(kind: bytes, tmp_path: Path) -> None:
    values = {b"gAMA": 100_000, b"iCCP": None, b"cICP": (12, 13, 0, 1)}
    after = chunk(kind, _colour_chunk(kind, values[kind]))
    picture = read(tmp_path, png([bytes((250, 10, 10))], 1, after=after))
    assert (rgba(picture.frames[0], (0, 0)), picture.icc) == ((250, 10, 10, 255), b"")


_LINEAR = 99, 188, 241


_PLAIN = 32, 128, 224


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        (chunk(b"sRGB", b"\x09"), _LINEAR),
        (chunk(b"sRGB", b"\0\0"), _LINEAR),
        (chunk(b"sRGB", b"\3"), _PLAIN),
        (chunk(b"cICP", bytes((2, 2, 0, 1))), _LINEAR),
        (chunk(b"cICP", bytes((1, 13, 0, 0))), _LINEAR),
        (
            chunk(
                b"iCCP",
                b"x\0\0"
                + zlib.compress(icc.rgb_profile(icc.SRGB_PRIMARIES, icc.srgb_to_light)[:300]),
            ),
            _LINEAR,
        ),
        (
            chunk(
                b"iCCP",
                b"\0\0" + zlib.compress(icc.rgb_profile(icc.SRGB_PRIMARIES, icc.srgb_to_light)),
            ),
            _LINEAR,
        ),
    ],
)
def test_a_colour_chunk_that_makes_no_sense_leaves_the_next_to_decide(
    first: bytes, shown: tuple[int, ...], tmp_path: Path
) -> None:
    before = first + chunk(b"gAMA", _colour_chunk(b"gAMA", 100_000))
    row = bytes(value for grey in _PLAIN for value in (grey, grey, grey))
    image = read(tmp_path, png([row], 3, before=before)).frames[0]
    for at, grey in enumerate(shown):
        assert is_near(rgba(image, (at, 0)), (grey, grey, grey, 255), 8)
