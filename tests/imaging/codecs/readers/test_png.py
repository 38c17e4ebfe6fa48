"""PNG as browsers show it: transparency, colours, damage, texts of any length."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.readers.png import PngReader
from tests.imaging.codecs.readers.reading import (
    CLEAR,
    chunk,
    facts,
    noise_png,
    png,
    read,
    rgba,
)
from tests.imaging.drawing import RED, pixel, quadrants, saved


@pytest.mark.parametrize(
    ("depth", "row", "key", "shown"),
    [
        (1, b"\x40", 1, [0, None]),
        (2, b"\x18", 1, [0, None, 170]),
        (4, b"\x05\xf0", 5, [0, None, 255]),
        (8, b"\x00\x05\xff", 5, [0, None, 255]),
    ],
)
def test_the_grey_that_is_named_is_transparent(
    depth: int, row: bytes, key: int, shown: list[int | None], tmp_path: Path
) -> None:
    data = png(
        [row], len(shown), depth=depth, colour=0, before=chunk(b"tRNS", struct.pack(">H", key))
    )
    image = read(tmp_path, data).frames[0]
    for at, grey in enumerate(shown):
        assert rgba(image, (at, 0))[3] == (0 if grey is None else 255)
        assert grey is None or rgba(image, (at, 0))[0] == grey
    assert facts(tmp_path, data).has_alpha


def test_a_grey_beyond_the_depth_makes_nothing_transparent(tmp_path: Path) -> None:
    data = png([b"\x40"], 2, depth=1, colour=0, before=chunk(b"tRNS", b"\0\xff"))
    assert not facts(tmp_path, data).has_alpha


def test_only_the_named_colour_is_transparent(tmp_path: Path) -> None:
    key = chunk(b"tRNS", struct.pack(">HHH", 10, 20, 30))
    image = read(tmp_path, png([bytes((10, 20, 30, 10, 20, 31))], 2, before=key)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))) == (0, (10, 20, 31, 255))


@pytest.mark.parametrize("colour", [0, 2])
def test_a_named_colour_of_16_bits_is_compared_in_full(colour: int, tmp_path: Path) -> None:
    channels = 3 if colour else 1
    row = struct.pack(f">{2 * channels}H", *[0x8000] * channels, *[0x8001] * channels)
    key = chunk(b"tRNS", struct.pack(f">{channels}H", *[0x8000] * channels))
    image = read(tmp_path, png([row], 2, depth=16, colour=colour, before=key)).frames[0]
    assert [rgba(image, (at, 0))[3] for at in (0, 1)] == [0, 255]


def test_grey_and_alpha_of_16_bits_keep_both(tmp_path: Path) -> None:
    row = struct.pack(">4H", 0x1234, 0xFFFF, 0xFF00, 0x8000)
    image = read(tmp_path, png([row], 2, depth=16, colour=4)).frames[0]
    assert image.mode == "LA"
    assert (pixel(image, (0, 0)), pixel(image, (1, 0))) == ((18, 255), (254, 128))


def test_a_long_compressed_xmp_packet_and_a_large_profile_are_read(tmp_path: Path) -> None:
    xmp = b"<x>" + b" " * 2_000_000 + b"</x>"
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile += bytes(1_300_000)
    before = chunk(b"iTXt", text) + chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))
    data = saved(quadrants(), "PNG")
    picture = read(tmp_path, data[:33] + before + data[33:])
    assert picture.xmp == xmp
    assert picture.frames[0].tobytes() == quadrants().tobytes()
    assert not facts(tmp_path, data[:33] + before + data[33:]).damage


def test_a_profile_that_inflates_without_end_is_left_out() -> None:
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000)))
    data = saved(quadrants(), "PNG")
    assert PngReader(data[:33] + bomb + data[33:], accepts_damage=True).colour is None


def test_orientation_in_an_exif_chunk_counts_and_in_xmp_it_does_not(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + b'<rdf tiff:Orientation="6"/>'
    wide = saved(quadrants((64, 32)), "PNG")
    assert facts(tmp_path, saved(quadrants((64, 32)), "PNG", exif=exif)).orientation == 6
    assert facts(tmp_path, wide[:33] + chunk(b"iTXt", xmp) + wide[33:]).orientation == 1


def test_a_palette_of_16_colours_with_transparent_ones(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes((*RED, 1, 2, 3))) + chunk(b"tRNS", b"\0")
    image = read(tmp_path, png([b"\x01"], 2, depth=4, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))) == (0, (1, 2, 3, 255))


def test_an_index_beyond_the_palette_is_its_last_colour(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes(RED))
    image = read(tmp_path, png([b"\x00\x07"], 2, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0)), rgba(image, (1, 0))) == ((*RED, 255), (*RED, 255))


def test_missing_pixels_are_transparent_black(tmp_path: Path) -> None:
    data = noise_png()
    image = read(tmp_path, data[: len(data) // 2]).frames[0]
    assert rgba(image, (0, 63)) == CLEAR


@given(st.binary(max_size=200), st.integers(0, 150))
def test_hostile_chunks_raise_nothing_but_picture_errors(noise: bytes, at: int) -> None:
    data = saved(quadrants((8, 8)), "PNG")
    try:
        reader = PngReader(data[:at] + noise + data[at:], accepts_damage=True)
        if max(reader.size) <= 100:
            list(reader.frames(1))
    except PictureError:
        pass


@pytest.mark.parametrize("colour", [0, 2])
def test_the_high_byte_of_a_named_colour_of_8_bits_is_not_looked_at(
    colour: int, tmp_path: Path
) -> None:
    bands = 1 if colour == 0 else 3
    before = chunk(b"tRNS", b"\xff\x64" * bands)
    image = read(
        tmp_path, png([bytes((100,) * bands + (7,) * bands)], 2, colour=colour, before=before)
    )
    assert [rgba(image.frames[0], (at, 0))[3] for at in (0, 1)] == [0, 255]


@pytest.mark.parametrize(
    ("chunks", "alphas"),
    [
        ([(b"PLTE", bytes(6)), (b"tRNS", b"\0\x80")], (0, 128)),
        ([(b"tRNS", b"\0\x80"), (b"PLTE", bytes(6))], (255, 255)),
        ([(b"PLTE", bytes(6)), (b"tRNS", b"\0\x80"), (b"tRNS", b"\x40")], (0, 128)),
        ([(b"PLTE", bytes(6)), (b"tRNS", bytes(300))], (255, 255)),
    ],
)
def test_transparency_of_a_palette_stands_once_behind_it(
    chunks: list[tuple[bytes, bytes]], alphas: tuple[int, int], tmp_path: Path
) -> None:
    before = b"".join(chunk(*each) for each in chunks)
    image = read(tmp_path, png([bytes((0, 1))], 2, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))[3]) == alphas


def test_without_its_palette_a_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptPicture, match="lacks its palette"):
        facts(tmp_path, png([bytes((0, 1))], 2, colour=3))


def test_of_a_palette_only_whole_colours_count(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes((1, 2, 3, 4, 5, 6, 7, 8)))
    image = read(tmp_path, png([bytes((0, 1, 2))], 3, colour=3, before=before)).frames[0]
    assert rgba(image, (2, 0))[:3] == (4, 5, 6)


@pytest.mark.parametrize(
    ("is_late", "prefix", "turned"),
    [(False, b"", True), (True, b"", False), (False, b"Exif\0\0", False)],
)
def test_only_a_bare_block_before_the_pixels_turns_them(
    is_late: bool, prefix: bytes, turned: bool, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    block = chunk(b"eXIf", prefix + exif.tobytes().removeprefix(b"Exif\0\0"))
    data = saved(quadrants((48, 32)), "PNG")
    at = data.index(b"IEND") - 4 if is_late else data.index(b"IDAT") - 4
    assert read(tmp_path, data[:at] + block + data[at:]).size == ((32, 48) if turned else (48, 32))
