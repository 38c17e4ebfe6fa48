"""BMP as browsers show it: masks, alpha, runs, ends that are missing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.icc import SRGB_PRIMARIES, rgb_profile, srgb_to_light
from progimage.imaging.codecs.readers.bmp import BmpReader
from progimage.imaging.codecs.readers.bmp_runs import decode_runs
from tests.imaging.codecs.readers.reading import CLEAR, facts, read, rgba
from tests.imaging.drawing import is_near, quadrants, saved


def _bmp(
    pixels: bytes,
    size: tuple[int, int],
    bits: int,
    *,
    compression: int = 0,
    masks: tuple[int, ...] = (),
    palette: bytes = b"",
    header_bytes: int = 40,
) -> bytes:
    header = struct.pack("<IiiHHIIiiII", header_bytes, *size, 1, bits, compression, 0, 0, 0, 0, 0)
    header += struct.pack(f"<{len(masks)}I", *masks)
    header = header.ljust(header_bytes, b"\0")
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, start) + header + palette + pixels


@pytest.mark.parametrize(
    ("bits", "masks", "word", "shown"),
    [
        (16, (0xF00, 0xF0, 0xF), 0x0F80, (255, 136, 0, 255)),
        (16, (0xF00, 0xF0, 0xF, 0xF000), 0x8F80, (255, 136, 0, 136)),
        (16, (0xF800, 0x7E0, 0x1F), 0xF800 | 0x20 << 5, (255, 129, 0, 255)),
        (16, (0x7C00, 0x3E0, 0x1F, 0x8000), 0x8000 | 0x1F << 5, (0, 255, 0, 255)),
        (32, (0xFF, 0xFF00, 0xFF0000), 0x00030201, (1, 2, 3, 255)),
        (32, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), 0x01020380, (1, 2, 3, 128)),
        (32, (0x3FF00000, 0xFFC00, 0x3FF), 0x3FF << 20 | 0x200 << 10, (255, 128, 0, 255)),
    ],
)
def test_channels_are_where_the_masks_say(
    bits: int, masks: tuple[int, ...], word: int, shown: tuple[int, ...], tmp_path: Path
) -> None:
    pixels = word.to_bytes(bits // 8, "little").ljust(4, b"\0")
    size = 56 if len(masks) == 4 else 40
    data = _bmp(pixels, (1, 1), bits, compression=3, masks=masks, header_bytes=size + 0)
    if size == 40:
        data = _bmp(pixels, (1, 1), bits, compression=3, header_bytes=40)
        data = data[:54] + struct.pack("<3I", *masks) + pixels
        data = data[:10] + struct.pack("<I", 66) + data[14:]
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == shown


def test_an_alpha_mask_counts_without_bit_fields(tmp_path: Path) -> None:
    """Browsers copy pictures to the clipboard in this way."""
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    data = _bmp(bytes((3, 2, 1, 128)), (1, 1), 32, masks=masks, header_bytes=124)
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == (1, 2, 3, 128)


def test_alpha_that_is_zero_everywhere_is_no_alpha(tmp_path: Path) -> None:
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    data = _bmp(bytes((3, 2, 1, 0)), (1, 1), 32, masks=masks, header_bytes=124)
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == (1, 2, 3, 255)


@pytest.mark.parametrize(("bits", "row"), [(1, 0x40), (2, 0x10), (4, 0x01), (8, 0x00)])
def test_palettes_of_every_depth(bits: int, row: int, tmp_path: Path) -> None:
    pixels = bytes((row, 1 if bits == 8 else 0)).ljust(4, b"\0")
    palette = bytes((0, 0, 255, 0, 255, 0, 0, 0)).ljust(4 << bits, b"\0")
    image = read(tmp_path, _bmp(pixels, (2, 1), bits, palette=palette)).frames[0]
    assert (rgba(image, (0, 0)), rgba(image, (1, 0))) == ((255, 0, 0, 255), (0, 0, 255, 255))


def test_rows_run_upwards_unless_the_height_is_negative(tmp_path: Path) -> None:
    pixels = bytes((0, 0, 255, 0)) + bytes((255, 0, 0, 0))
    below = read(tmp_path, _bmp(pixels, (1, 2), 24)).frames[0]
    above = read(tmp_path, _bmp(pixels, (1, -2), 24)).frames[0]
    assert rgba(below, (0, 1)) == rgba(above, (0, 0)) == (255, 0, 0, 255)


def test_of_a_bmp_that_ends_early_the_lower_rows_are_shown(tmp_path: Path) -> None:
    data = saved(quadrants((48, 32)), "BMP")
    cut = data[: len(data) - 48 * 3 * 4]
    image = read(tmp_path, cut).frames[0]
    assert (rgba(image, (0, 3)), rgba(image, (0, 4))) == (CLEAR, (255, 0, 0, 255))
    assert facts(tmp_path, cut).damage == "the pixels end early"
    with pytest.raises(CorruptPicture, match="most of it"):
        facts(tmp_path, data[: len(data) // 8])


@pytest.mark.parametrize("is_nibbles", [False, True])
def test_runs_literals_and_jumps(is_nibbles: bool) -> None:
    data = bytes((2, 0x11, 0, 3, 0x12, 0x30, *(() if is_nibbles else (0x40, 0)), 0, 0))
    data += bytes((0, 2, 1, 1, 1, 0x55, 0, 1))
    pixels, drawn, rows = decode_runs(data, (5, 3), is_nibbles=is_nibbles)
    assert rows == 3
    first = [1, 1, 1, 2, 3] if is_nibbles else [0x11, 0x11, 0x12, 0x30, 0x40]
    assert list(pixels[:5]) == first
    assert list(pixels[10:]) == [0, 5 if is_nibbles else 0x55, 0, 0, 0]
    assert list(drawn) == [255] * 5 + [0] * 6 + [255] + [0] * 3


@given(st.binary(max_size=80))
def test_runs_of_any_bytes_stay_inside_the_picture(data: bytes) -> None:
    for is_nibbles in (False, True):
        pixels, drawn, rows = decode_runs(data, (7, 5), is_nibbles=is_nibbles)
        assert len(pixels) == len(drawn) == 35
        assert 0 <= rows <= 5


@given(st.binary(max_size=60), st.integers(0, 80))
def test_hostile_headers_raise_nothing_but_picture_errors(noise: bytes, at: int) -> None:
    data = saved(quadrants((8, 8)), "BMP")
    try:
        reader = BmpReader(data[:at] + noise + data[at:], accepts_damage=True)
        if max(reader.size) <= 500:
            list(reader.frames(1))
    except PictureError:
        pass


def test_five_bits_are_spread_over_the_whole_range(tmp_path: Path) -> None:
    pixels = struct.pack("<HH", 0x7FFF, 0x4210)
    image = read(tmp_path, _bmp(pixels, (2, 1), 16)).frames[0]
    assert rgba(image, (0, 0)) == (255, 255, 255, 255)
    assert is_near(rgba(image, (1, 0)), (132, 132, 132, 255), 1)


def test_runs_that_end_by_their_mark_leave_the_rest_black(tmp_path: Path) -> None:
    palette = bytes((0, 0, 0, 0)) + bytes((0, 0, 255, 0)) * 255
    runs = b"\x04\x01\0\0" * 2 + b"\0\1"
    data = _bmp(runs, (4, 8), 8, compression=1, palette=palette)
    image = read(tmp_path, data).frames[0]
    assert (rgba(image, (0, 7)), rgba(image, (0, 0))) == ((255, 0, 0, 255), (0, 0, 0, 255))
    assert facts(tmp_path, data).damage == ""


def test_runs_that_are_cut_are_damage_even_if_their_data_has_such_a_mark(tmp_path: Path) -> None:
    palette = bytes((0, 0, 0, 0)) + bytes((0, 0, 255, 0)) * 255
    runs = b"\0\4\0\1\0\1\0\0" * 6
    data = _bmp(runs, (4, 8), 8, compression=1, palette=palette)
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == CLEAR
    assert facts(tmp_path, data).damage == "the pixels end early"


def test_an_alpha_mask_in_a_header_of_version_3_does_not_count_without_bit_fields(
    tmp_path: Path,
) -> None:
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    data = _bmp(bytes((3, 2, 1, 128)), (1, 1), 32, masks=masks, header_bytes=56)
    assert rgba(read(tmp_path, data).frames[0], (0, 0)) == (1, 2, 3, 255)


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_profile_in_the_file_is_applied_if_it_is_whole(is_whole: bool, tmp_path: Path) -> None:
    """Its primaries for red and green are exchanged."""
    x = SRGB_PRIMARIES
    profile = rgb_profile((*x[2:4], *x[:2], *x[4:]), srgb_to_light)
    data = bytearray(_bmp(bytes((0, 0, 255, 0)), (1, 1), 24, header_bytes=124))
    data[14 + 56 : 14 + 60] = b"DEBM"
    struct.pack_into("<II", data, 14 + 112, len(data) - 14, len(profile))
    data += profile if is_whole else profile[:-100]
    shown = (0, 255, 0, 255) if is_whole else (255, 0, 0, 255)
    assert is_near(rgba(read(tmp_path, bytes(data)).frames[0], (0, 0)), shown, 3)
